/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caisson-init as bytes; include/launch/init_blob.h is its declaration. The file name is relative to the build
 * directory, where the compiler runs.
 */
#ifdef __CET__
#include <cet.h>	/* without this note the linker would take the protection from the whole program */
#endif
	.section .rodata, "a"
	.balign 16
	.globl caisson_init_blob
	.hidden caisson_init_blob
	.type caisson_init_blob, %object
caisson_init_blob:
	.incbin "caisson-init"
	.globl caisson_init_blob_end
	.hidden caisson_init_blob_end
caisson_init_blob_end:
	.size caisson_init_blob, . - caisson_init_blob
	.section .note.GNU-stack, "", %progbits
