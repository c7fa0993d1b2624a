/* SPDX-License-Identifier: BSD-2-Clause */
/* What an environment's filters and calls may cost: see budget.c. */
#ifndef EXO_CORE_BUDGET_H
#define EXO_CORE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct env;
struct exo_env_args;

void budget_init(struct env *env, const struct exo_env_args *args);
/** Whether an environment with a rate is asked about a packet, by number from
 * 1 on; it is asked in the order of packets. */
bool budget_open(struct env *env, uint64_t packet);
/** Whether an environment with a rate is in debt until a packet comes in. */
bool budget_deep(const struct env *env, uint64_t packet);
void budget_pay(struct env *env, uint64_t steps);
/** Charge the steps of a call; false: there are no more. */
bool budget_work(struct env *env, uint64_t steps);
/** Whether there are no more before a call that takes some. */
bool budget_over(const struct env *env);

#endif
