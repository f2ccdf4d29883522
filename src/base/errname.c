/* SPDX-License-Identifier: Apache-2.0 */
/* errno numbers by name, as the manual pages have them: strerrorname_np(3) is glibc's alone. */
#include <errno.h>
#include <stddef.h>

#include "base/err.h"

#define NAME(code) { code, #code }
static const struct { int code; const char *name; } names[] = {
	NAME(EPERM),   NAME(ENOENT),	NAME(ESRCH),	    NAME(EINTR),   NAME(EIO),	     NAME(ENXIO),
	NAME(E2BIG),   NAME(ENOEXEC),	NAME(EBADF),	    NAME(ECHILD),  NAME(EAGAIN),     NAME(ENOMEM),
	NAME(EACCES),  NAME(EFAULT),	NAME(ENOTBLK),	    NAME(EBUSY),   NAME(EEXIST),     NAME(EXDEV),
	NAME(ENODEV),  NAME(ENOTDIR),	NAME(EISDIR),	    NAME(EINVAL),  NAME(ENFILE),     NAME(EMFILE),
	NAME(ENOTTY),  NAME(ETXTBSY),	NAME(EFBIG),	    NAME(ENOSPC),  NAME(ESPIPE),     NAME(EROFS),
	NAME(EMLINK),  NAME(EPIPE),	NAME(ERANGE),	    NAME(EDEADLK), NAME(ENAMETOOLONG), NAME(ENOSYS),
	NAME(ELOOP),   NAME(ENOTEMPTY), NAME(EOVERFLOW),    NAME(EUSERS),  NAME(EOPNOTSUPP), NAME(EADDRINUSE),
	NAME(ENODATA), NAME(ETIME),	NAME(EPROTO),	    NAME(ESTALE),  NAME(EDQUOT),     NAME(EUCLEAN),
	NAME(ENOKEY),  NAME(ECONNREFUSED), NAME(ECONNRESET), NAME(ETIMEDOUT),
};

const char *err_name(int code)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].code == code)
			return names[i].name;
	return "an error without a name";
}
