/* SPDX-License-Identifier: Apache-2.0 */
/* launch/home.h - HOME for a process whose environment has none, from the container's own /etc/passwd. */
#ifndef CAISSON_LAUNCH_HOME_H
#define CAISSON_LAUNCH_HOME_H

#include <stddef.h>
#include <stdint.h>

/* Writes the home directory of uid, or "/" when the file says nothing usable. The file is hostile: bounded, by descriptor. */
void home_find(int root, uint32_t uid, char *out, size_t size);

#endif
