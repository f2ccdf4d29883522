/* SPDX-License-Identifier: Apache-2.0 */
/* container/posture_covers.h - what reads a control of explain back; for posture and its tests. */
#ifndef CAISSON_CONTAINER_POSTURE_COVERS_H
#define CAISSON_CONTAINER_POSTURE_COVERS_H

struct posture_cover {
	const char *control;	/* as policy/plan.h's reasons have it */
	const char *line;	/* the line of posture; NULL: none, because: */
	const char *why;
};
/* NULL: nobody has said how it is read back. */
const struct posture_cover *posture_cover_of(const char *control);

#endif
