/* The codes of findings, for docs and tests: one row each. */
#include "engine/schema/schema.h"

static const struct schema_code codes[] = {
    {"E110", "unknown field", "spec: {stesp: []}",
     "The format has no field of this name here. It would have been ignored, "
     "so that what it asks for would not happen: correct or remove it."},
    {"E111", "missing field", "env: [{value: x}]",
     "A field is required and is not there. The place is the map that should "
     "hold it."},
    {"E112", "wrong type", "env: [{name: DEBUG, value: true}]",
     "The value is of another type than the field. In YAML, true, 5 and 1.5 "
     "without quotes are not texts."},
    {"E113", "value not accepted", "imagePullPolicy: always",
     "The field accepts a few values only; letter case matters."},
    {"E114", "wrong form", "timeout: 5 minutes",
     "The text does not have the form that the field asks for."},
    {"E115", "number out of range", "retry: {count: 0}",
     "The number is too small, too large or not a multiple."},
    {"E116", "none of the forms", "runAsUser: root",
     "The field accepts several forms, and the value has none of them."},
    {"E117", "wrong size", "artifacts: {paths: []}",
     "A text, list or map is too short or too long, or a list repeats an "
     "item."},
    {"E118", "wrong name", "config: {\"\": {type: string}}",
     "A name that the author of the document may choose has a wrong form."},
    {"E119", "not allowed here", "run: {shell: ls, command: [ls]}",
     "The field is known, but not in this place or not together with another "
     "one."},
    {"E120", "too much to check", "a list of millions of items",
     "The check ended early: what was not looked at is not known to be good."},
    {"W121", "deprecated", "notifications: {disableWebhooks: true}",
     "The field is accepted for older files and has no effect."},
    {0},
};

const struct schema_code *schema_codes(void)
{
    return codes;
}
