/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Budgets: what an environment's filters and calls may cost.
 *
 * Packets
 *	Each packet that the core takes in, whoever gets it, gives every
 *	environment `rate` steps, up to a burst. A filter that runs takes the
 *	steps that were proven to be its most, one that need not run takes one.
 *	An environment in debt is not asked about a packet: none of its filters
 *	runs, and each that would have counts it as `unpaid`. One that is so deep
 *	in debt that a batch does not pay for it is not even looked for. So what others
 *	send it costs the core no more than its rate, on the average, and the
 *	debt is paid before anything else is done for it. What was paid is counted:
 *	a platform that has slots of time takes it out of theirs.
 *
 * Calls
 *	What is explored to verify a program, and the steps of the algebra of
 *	regions, are charged to the environment that calls: exo_env_stat. Who
 *	has used up his limit is refused before anything is done for him, so
 *	that he is beyond it by one call's budgets at most.
 */
#include "exo/core/core_int.h"

void budget_init(struct env *env, const struct exo_env_args *args)
{
	env->rate = args->rate;
	env->burst = args->burst < args->rate ? args->rate : args->burst;
	env->credit = env->burst;
	env->limit = args->work;
}

bool budget_open(struct env *env, uint64_t packet)
{
	const int64_t burst = env->burst;
	uint64_t since = packet - env->seen;

	if (since == 0)
		return env->open;
	/* rate and burst have 32 bits: neither product nor sum overflows */
	if (since <= INT32_MAX)
		env->credit += (int64_t)(since * env->rate);
	else
		env->credit = burst;
	env->credit = env->credit < burst ? env->credit : burst;
	env->seen = packet;
	env->open = env->credit > 0;
	return env->open;
}

bool budget_deep(const struct env *env, uint64_t packet)
{
	uint64_t since = packet - env->seen;

	return since <= INT32_MAX &&
	       env->credit + (int64_t)(since * env->rate) <= 0;
}

void budget_pay(struct env *env, uint64_t steps)
{
	const int64_t debt = INT64_MAX / 4; /* at most, and paid at once */

	env->paid += steps;
	env->credit -= steps < (uint64_t)debt ? (int64_t)steps : debt;
	if (env->credit < -debt)
		env->credit = -debt;
}

bool budget_work(struct env *env, uint64_t steps)
{
	env->work += steps;
	return env->limit == 0 || env->work <= env->limit;
}

bool budget_over(const struct env *env)
{
	return env->limit != 0 && env->work >= env->limit;
}
