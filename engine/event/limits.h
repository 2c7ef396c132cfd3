#pragma once
/* Ceilings of what one run may hold in its state. Tested from both sides. */
enum {
    EVENT_STEP_LIMIT = 4096,   /* steps of a run, groups included */
    EVENT_DEPTH_LIMIT = 32,    /* groups inside each other */
    EVENT_NAME_LIMIT = 1024,   /* bytes of a step's ref or name */
    EVENT_NOTE_LIMIT = 1000,   /* notes kept; later ones are dropped */
    EVENT_REASON_LIMIT = 4096, /* bytes of a reason or note kept; then cut */
    EVENT_ATTEMPT_LIMIT = 1000000, /* attempts of a step */

    EVENT_ARTIFACT_LIMIT = 10000,     /* kept; later ones are dropped */
    EVENT_ARTIFACT_NAME_LIMIT = 1024, /* bytes of a name, folders included */
    EVENT_ARTIFACT_DEPTH_LIMIT = 64,  /* folders and file of a name */
};
