/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No memory that is written and executed (PR_SET_MDWE, Linux 6.3): a mapping is either from the start on, and what was not executable
 * never becomes it. It holds for the memory of this process, and fork(2) and execve(2) pass it on.
 */
#include <sys/prctl.h>

#include "init/stage.h"

enum { SET_MDWE = 65, GET_MDWE = 66, REFUSE_EXEC_GAIN = 1 };

int memory_guard(struct stage *s, struct fault *f)
{
	if (!(s->record->flags & FINISH_DENY_WRITE_EXEC))
		return 0;
	if (prctl(SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0) < 0)
		return fault_sys(f, "PR_SET_MDWE");
	return 0;
}

bool memory_is_guarded(void)
{
	return prctl(GET_MDWE, 0, 0, 0, 0) == REFUSE_EXEC_GAIN;
}
