/* SPDX-License-Identifier: Apache-2.0 */
/*
 * helpers/systemd.h - what caisson and caisson-systemd say to each other.
 *
 * One SOCK_SEQPACKET socket, the helper's descriptor 0. One message there, one message back; then the helper of a "start" stays, in
 * the scope, until the other end is closed: it keeps the scope alive until the container's own process is in it.
 *
 * The request is text, at most SYSTEMD_REQUEST_MAX bytes, lines of words with one blank between:
 *
 *   start UNIT                      StartTransientUnit, with the helper itself as the first process, and the end of its job
 *   set UNIT                        SetUnitProperties, runtime only
 *   stop UNIT                       StopUnit, and the end of its job
 *   wait MILLISECONDS               for everything
 *   private PATH | bus PATH         sockets of the manager or of its message bus, tried in this order
 *   TYPE[@VERSION] NAME VALUE       a property; left out where systemd is older than VERSION
 *
 * TYPE: b (0, 1), i, t (decimal), s (the rest of the line), ay (hexadecimal), as (words), a(ss) (words in pairs).
 *
 * The answer is "ok", or "error TEXT" without control characters, at most SYSTEMD_ANSWER_MAX bytes.
 */
#ifndef CAISSON_HELPERS_SYSTEMD_H
#define CAISSON_HELPERS_SYSTEMD_H

enum { SYSTEMD_REQUEST_MAX = 64 * 1024, SYSTEMD_ANSWER_MAX = 900, SYSTEMD_PROPERTIES_MAX = 128 };

#endif
