/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Budgets: what an environment's filters and calls may cost.
 *
 * Packets
 *	Each packet that the core takes in, whoever gets it, gives every
 *	environment `rate` steps, up to a burst. A filter that runs takes the
 *	steps that were proven to be its most, one that need not run takes one.
 *	An environment in debt is not asked about a packet: none of its filters
 *	runs, and each that would have counts it as `unpaid`. So what others
 *	send it costs the core no more than its rate, on the average, and the
 *	debt is paid before anything else is done for it.
 *
 * Calls
 *	What is explored to verify a program, and the steps of the algebra of
 *	regions, are charged to the environment that calls: exo_env_stat.
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
	uint64_t since = packet - env->seen, room;

	if (packet != env->seen) {
		room = (uint64_t)(env->burst - env->credit);
		if (since > room / env->rate)
			env->credit = env->burst;
		else
			env->credit += (int64_t)(since * env->rate);
		env->seen = packet;
		env->open = env->credit > 0;
	}
	return env->open;
}

void budget_pay(struct env *env, uint64_t steps)
{
	int64_t most = INT64_MAX / 2;

	env->credit -= steps < (uint64_t)most ? (int64_t)steps : most;
	if (env->credit < -most)
		env->credit = -most;
}

bool budget_work(struct env *env, uint64_t steps)
{
	env->work += steps;
	return env->limit == 0 || env->work <= env->limit;
}
