#include "engine/value/value.h"
