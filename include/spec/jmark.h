/* SPDX-License-Identifier: Apache-2.0 */
/* What jscan.c puts in front of an integer beyond int64 and jread.c looks for. Nobody else includes this. */
#ifndef CAISSON_SPEC_JMARK_H
#define CAISSON_SPEC_JMARK_H

#define JMARK "\177int:"

#endif
