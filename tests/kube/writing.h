#pragma once
/* What writing an object and the controllers share. */
#include "engine/value/value.h"

/* Gives the object a name when it only has generateName. */
void writing_generate_name(struct arena *arena, struct value *metadata);
