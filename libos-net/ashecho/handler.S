/* SPDX-License-Identifier: BSD-2-Clause */
/* The image of the handler (echo.s), which the build makes. */
	.section .rodata
	.balign 8
	.globl ash_image, ash_image_end
ash_image:
	.incbin "ashecho.xi"
ash_image_end:
	.section .note.GNU-stack, "", @progbits
