/*
 * The functions whose libraries the program in the pod does not have: there, these
 * stand in for functions_yaml.c and functions_jq.c. Plans are refused that would
 * come here (E206), but for what an expression makes up on the way: eval("jq(...)").
 */
#include "engine/expression/evaluation.h"

static const struct value *refuse(struct call *call)
{
    return call_fail(call, "available before the run starts only");
}

const struct value *function_yaml(struct call *call)
{
    return refuse(call);
}

const struct value *function_toyaml(struct call *call)
{
    return refuse(call);
}

const struct value *function_jq(struct call *call)
{
    return refuse(call);
}
