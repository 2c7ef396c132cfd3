/*
 * Patterns in a table, and a walk through the parts of a pod. A value of the wrong
 * JSON type is refused as well; a real server says that as it decodes (400), here
 * it is one more cause.
 */
#include "tests/kube/pod_rules.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kube/tree.h"

#define PART      "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
#define SUBDOMAIN PART "(\\." PART ")*"
#define NAME      "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
#define NUMBER    "[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)"

enum { DATA_LIMIT = 1024 * 1024, ANNOTATION_LIMIT = 256 * 1024 };

enum pattern {
    DNS_LABEL,
    DNS_SUBDOMAIN,
    QUALIFIED,
    LABEL_VALUE,
    CONFIG_KEY,
    VARIABLE,
    QUANTITY,
    IMAGE,
    PULL_POLICY,
};

/* `limit` is of the whole text; 0: none. */
static const struct {
    const char *expression;
    size_t limit;
    const char *must;
} patterns[] = {
    [DNS_LABEL] = {"^" PART "$", 63,
                   "a lowercase RFC 1123 label must consist "
                   "of lower case alphanumeric characters or "
                   "'-'"},
    [DNS_SUBDOMAIN] = {"^" SUBDOMAIN "$", 253,
                       "a lowercase RFC 1123 subdomain must consist of lower "
                       "case alphanumeric characters, '-' or '.'"},
    [QUALIFIED] = {"^(" SUBDOMAIN "/)?" NAME "$", 317,
                   "name part must consist of alphanumeric characters, '-', "
                   "'_' or '.', and must start and end with an alphanumeric "
                   "character"},
    [LABEL_VALUE] = {"^(" NAME ")?$", 63,
                     "a valid label must be an empty string or consist of "
                     "alphanumeric characters, '-', '_' or '.'"},
    [CONFIG_KEY] = {"^[-._a-zA-Z0-9]+$", 253,
                    "a valid config key must consist of alphanumeric "
                    "characters, '-', '_' or '.'"},
    [VARIABLE] = {"^[ -<>-~]+$", 0,
                  "a valid environment variable name must consist only of "
                  "printable ASCII characters other than '='"},
    [QUANTITY] = {"^" NUMBER "([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$", 0,
                  "quantities must match the regular expression "
                  "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
    [IMAGE] = {"^[^ \t\r\n](.*[^ \t\r\n])?$", 0,
               "must not have leading or trailing whitespace"},
    [PULL_POLICY] = {"^(Always|IfNotPresent|Never)$", 0,
                     "supported values: \"Always\", \"IfNotPresent\", "
                     "\"Never\""},
};

/* Where the walk is. */
struct walk {
    struct arena *arena;
    struct value *causes;
    const struct value *pod;
    const char *path;
};

static void blame(struct walk *walk, const char *reason, const char *field,
                  const char *message)
{
    struct value *cause = value_make_map(walk->arena);
    value_set_string(walk->arena, cause, "reason", reason);
    value_set_string(walk->arena, cause, "message", message);
    value_set_string(walk->arena, cause, "field",
                     arena_format(walk->arena, "%s%s%s", walk->path,
                                  *field ? "." : "", field));
    value_append(walk->arena, walk->causes, cause);
}

static void blame_value(struct walk *walk, const char *field, const char *text,
                        const char *must)
{
    blame(walk, "FieldValueInvalid", field,
          arena_format(walk->arena, "Invalid value: \"%s\": %s", text, must));
}

/* Each pattern is compiled once, when it is first needed. */
static bool matches(enum pattern pattern, const char *text)
{
    static regex_t compiled[sizeof patterns / sizeof *patterns];
    static bool ready[sizeof patterns / sizeof *patterns];
    if (patterns[pattern].limit && strlen(text) > patterns[pattern].limit)
        return false;
    if (!ready[pattern] &&
        regcomp(&compiled[pattern], patterns[pattern].expression,
                REG_EXTENDED | REG_NOSUB) != 0)
        abort();
    ready[pattern] = true;
    return regexec(&compiled[pattern], text, 0, NULL, 0) == 0;
}

static void check_text(struct walk *walk, const char *field,
                       enum pattern pattern, const char *text)
{
    if (!matches(pattern, text))
        blame_value(walk, field, text, patterns[pattern].must);
}

/* A member that is a string when it is there. */
static const char *take_text(struct walk *walk, const struct value *map,
                             const char *field, bool required)
{
    const struct value *value = value_get(map, field);
    const char *text = value_string(value);
    if (value && !text && !value_is(value, VALUE_NULL))
        blame(walk, "FieldValueTypeInvalid", field,
              "json: cannot unmarshal into Go struct field of type string");
    if (required && (!text || !*text))
        blame(walk, "FieldValueRequired", field, "Required value");
    return text && *text ? text : NULL;
}

/* A member that matches a pattern when it is there. */
static void check_member(struct walk *walk, const struct value *map,
                         const char *field, enum pattern pattern, bool required)
{
    const char *text = take_text(walk, map, field, required);
    if (text)
        check_text(walk, field, pattern, text);
}

static void check_number(struct walk *walk, const struct value *map,
                         const char *field, int64_t least, int64_t most)
{
    const struct value *value = value_get(map, field);
    if (!value || value_is(value, VALUE_NULL))
        return;
    int64_t number = value_int_or(value, INT64_MIN);
    if (!value_is(value, VALUE_INT))
        blame(walk, "FieldValueTypeInvalid", field,
              "json: cannot unmarshal into Go struct field of type int64");
    else if (number < least || number > most)
        blame_value(walk, field, arena_format(walk->arena, "%ld", number),
                    "must be within the range of the field");
}

/* The walk of the member `field`, or of an item of it. */
static struct walk into_member(const struct walk *walk, const char *field)
{
    struct walk below = *walk;
    below.path = arena_format(walk->arena, "%s.%s", walk->path, field);
    return below;
}

static struct walk into_item(const struct walk *walk, const char *field,
                             size_t index)
{
    struct walk below = *walk;
    below.path =
        arena_format(walk->arena, "%s.%s[%zu]", walk->path, field, index);
    return below;
}

static void check_twice(struct walk *walk, const struct value *list,
                        size_t index, const char *field)
{
    const char *own = value_string_at(value_item(list, index), field);
    for (size_t i = 0; own && i < index; i++) {
        const char *other = value_string_at(value_item(list, i), field);
        if (other && strcmp(own, other) == 0) {
            blame(walk, "FieldValueDuplicate", field,
                  arena_format(walk->arena, "Duplicate value: \"%s\"", own));
            return;
        }
    }
}

/* Relative, and nowhere up. */
static void check_local_path(struct walk *walk, const struct value *map,
                             const char *field, bool required)
{
    const char *text = take_text(walk, map, field, required);
    if (text && text[0] == '/')
        blame_value(walk, field, text, "must be a relative path");
    if (text &&
        (strcmp(text, "..") == 0 || strncmp(text, "../", 3) == 0 ||
         strstr(text, "/../") ||
         (strlen(text) > 3 && strcmp(text + strlen(text) - 3, "/..") == 0)))
        blame_value(walk, field, text, "must not contain '..'");
}

/* --- metadata and data ----------------------------------------------------- */

void metadata_rules_check(struct arena *arena, const struct value *metadata,
                          const char *path, struct value *causes)
{
    struct walk walk = {arena, causes, NULL, path};
    const struct value *labels = value_get(metadata, "labels");
    const struct value *notes = value_get(metadata, "annotations");
    size_t bytes = 0;
    for (size_t i = 0; i < value_count(labels); i++) {
        const struct member *member = &labels->map.members[i];
        const char *text = take_text(&walk, labels, member->name, false);
        check_text(&walk, "labels", QUALIFIED, member->name);
        check_text(&walk, "labels", LABEL_VALUE, text ? text : "");
    }
    for (size_t i = 0; i < value_count(notes); i++) {
        const struct member *member = &notes->map.members[i];
        const char *text = take_text(&walk, notes, member->name, false);
        check_text(&walk, "annotations", QUALIFIED, member->name);
        bytes += strlen(member->name) + (text ? strlen(text) : 0);
    }
    if (bytes > ANNOTATION_LIMIT)
        blame(&walk, "FieldValueTooLong", "annotations",
              "Too long: may not be more than 262144 bytes");
}

void data_rules_check(struct arena *arena, const struct value *object,
                      struct value *causes)
{
    static const char *const parts[] = {"data", "binaryData", "stringData"};
    struct walk walk = {arena, causes, NULL, "data"};
    size_t bytes = 0;
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        const struct value *map = value_get(object, parts[k]);
        for (size_t i = 0; i < value_count(map); i++) {
            const struct value *value = map->map.members[i].value;
            size_t length =
                value_is(value, VALUE_STRING) ? value->string.length : 0;
            check_text(&walk, "", CONFIG_KEY, map->map.members[i].name);
            bytes += k == 1 ? length / 4 * 3 : length;
        }
    }
    if (bytes > DATA_LIMIT)
        blame(&walk, "FieldValueTooLong", "",
              "Too long: may not be more than 1048576 bytes");
}

/* --- volumes --------------------------------------------------------------- */

static void check_items(struct walk *walk, const struct value *list)
{
    for (size_t i = 0; i < value_count(list); i++) {
        struct walk below = into_item(walk, "items", i);
        const struct value *item = value_item(list, i);
        if (!value_get(item, "fieldRef") &&
            !value_get(item, "resourceFieldRef"))
            check_member(&below, item, "key", CONFIG_KEY, true);
        check_local_path(&below, item, "path", true);
        check_number(&below, item, "mode", 0, 0777);
    }
}

static void check_source(struct walk *walk, const char *kind,
                         const struct value *source)
{
    struct walk below = into_member(walk, kind);
    const char *size = value_string_at(source, "sizeLimit");
    if (strcmp(kind, "emptyDir") == 0 && size)
        check_text(&below, "sizeLimit", QUANTITY, size);
    if (strcmp(kind, "configMap") == 0)
        check_member(&below, source, "name", DNS_SUBDOMAIN, true);
    if (strcmp(kind, "secret") == 0)
        check_member(&below, source, "secretName", DNS_SUBDOMAIN, true);
    if (strcmp(kind, "persistentVolumeClaim") == 0)
        check_member(&below, source, "claimName", DNS_SUBDOMAIN, true);
    if (strcmp(kind, "hostPath") == 0)
        (void)take_text(&below, source, "path", true);
    check_number(&below, source, "defaultMode", 0, 0777);
    check_items(&below, value_get(source, "items"));
}

static void check_volumes(struct walk *walk)
{
    const struct value *list = value_get(walk->pod, "volumes");
    for (size_t i = 0; i < value_count(list); i++) {
        struct walk below = into_item(walk, "volumes", i);
        const struct value *volume = value_item(list, i);
        size_t kinds = 0;
        check_member(&below, volume, "name", DNS_LABEL, true);
        check_twice(&below, list, i, "name");
        for (size_t k = 0; k < value_count(volume); k++) {
            const struct member *member = &volume->map.members[k];
            if (strcmp(member->name, "name") == 0)
                continue;
            kinds++;
            check_source(&below, member->name, member->value);
        }
        if (kinds == 0)
            blame(&below, "FieldValueRequired", "",
                  "must specify a volume type");
        if (kinds > 1)
            blame(&below, "FieldValueForbidden", "",
                  "may not specify more than 1 volume type");
    }
}

static void check_mounts(struct walk *walk, const struct value *container)
{
    const struct value *list = value_get(container, "volumeMounts");
    for (size_t i = 0; i < value_count(list); i++) {
        struct walk below = into_item(walk, "volumeMounts", i);
        const struct value *mount = value_item(list, i);
        (void)take_text(&below, mount, "name", true);
        (void)take_text(&below, mount, "mountPath", true);
        check_twice(&below, list, i, "mountPath");
        check_local_path(&below, mount, "subPath", false);
        if (take_text(&below, mount, "subPath", false) &&
            take_text(&below, mount, "subPathExpr", false))
            blame_value(&below, "subPathExpr", "",
                        "subPathExpr and subPath are mutually exclusive");
    }
}

/* --- containers ------------------------------------------------------------ */

static const char *const references[] = {"configMapKeyRef", "secretKeyRef",
                                         "fieldRef", "resourceFieldRef"};

static void check_variable(struct walk *walk, const struct value *variable)
{
    const struct value *from = value_get(variable, "valueFrom");
    const char *text = take_text(walk, variable, "value", false);
    check_member(walk, variable, "name", VARIABLE, true);
    if (!from)
        return;
    if (text)
        blame_value(walk, "valueFrom", "",
                    "may not be specified when `value` is not empty");
    if (value_count(from) != 1)
        blame_value(walk, "valueFrom", "",
                    "must specify exactly one of: `fieldRef`, "
                    "`resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`");
    for (size_t i = 0; i < 4; i++) {
        struct walk below = into_member(
            walk, arena_format(walk->arena, "valueFrom.%s", references[i]));
        const struct value *reference = value_get(from, references[i]);
        if (!reference)
            continue;
        if (i == 2)
            (void)take_text(&below, reference, "fieldPath", true);
        if (i >= 2)
            continue;
        check_member(&below, reference, "name", DNS_SUBDOMAIN, true);
        check_member(&below, reference, "key", CONFIG_KEY, true);
    }
}

static void check_variables(struct walk *walk, const struct value *container)
{
    static const char *const sources[] = {"configMapRef", "secretRef"};
    const struct value *list = value_get(container, "env");
    const struct value *all = value_get(container, "envFrom");
    for (size_t i = 0; i < value_count(list); i++) {
        struct walk below = into_item(walk, "env", i);
        check_variable(&below, value_item(list, i));
    }
    for (size_t i = 0; i < value_count(all); i++) {
        struct walk below = into_item(walk, "envFrom", i);
        size_t count = 0;
        check_member(&below, value_item(all, i), "prefix", VARIABLE, false);
        for (size_t k = 0; k < 2; k++) {
            const struct value *source =
                value_get(value_item(all, i), sources[k]);
            struct walk part = into_member(&below, sources[k]);
            count += source != NULL;
            if (source)
                check_member(&part, source, "name", DNS_SUBDOMAIN, true);
        }
        if (count != 1)
            blame_value(&below, "", "",
                        "must specify one of: `configMapRef` or `secretRef`");
    }
}

/* A quantity in thousandths of thousandths, good enough to compare. */
static double measure(const char *text)
{
    static const char suffixes[] = "numkMGTPE";
    static const double powers[] = {1e-9, 1e-6, 1e-3, 1e3, 1e6,
                                    1e9,  1e12, 1e15, 1e18};
    char *end;
    double number = strtod(text, &end);
    const char *found = *end ? strchr(suffixes, *end) : NULL;
    if (end[0] && end[1] == 'i') {
        for (const char *c = "KMGTPE"; *c; c++) {
            number *= 1024;
            if (*c == *end)
                return number;
        }
    }
    return found ? number * powers[found - suffixes] : number;
}

static void check_amounts(struct walk *walk, const struct value *resources,
                          const char *kind)
{
    const struct value *map = value_get(resources, kind);
    const struct value *limits = value_get(resources, "limits");
    struct walk below = into_member(walk, kind);
    for (size_t i = 0; i < value_count(map); i++) {
        const struct member *member = &map->map.members[i];
        const char *name = member->name;
        const char *text = value_scalar_text(walk->arena, member->value);
        bool own = strcmp(name, "cpu") == 0 || strcmp(name, "memory") == 0 ||
                   strcmp(name, "ephemeral-storage") == 0 ||
                   strncmp(name, "hugepages-", 10) == 0;
        if (!own && (!strchr(name, '/') || !matches(QUALIFIED, name)))
            blame_value(&below, name, name,
                        "must be a standard resource for containers");
        if (!text || !matches(QUANTITY, text)) {
            blame_value(&below, name, text ? text : "",
                        patterns[QUANTITY].must);
            continue;
        }
        if (measure(text) < 0)
            blame_value(&below, name, text,
                        "must be greater than or equal to 0");
        const char *limit =
            value_scalar_text(walk->arena, value_get(limits, name));
        if (limit && strcmp(kind, "requests") == 0 &&
            measure(text) > measure(limit))
            blame_value(&below, name, text,
                        "must be less than or equal to the limit");
    }
}

static void check_identity(struct walk *walk, const struct value *context)
{
    static const char *const numbers[] = {"runAsUser", "runAsGroup", "fsGroup"};
    struct walk below = into_member(walk, "securityContext");
    bool escalates =
        value_bool_or(value_get(context, "allowPrivilegeEscalation"), true);
    for (size_t i = 0; i < 3; i++)
        check_number(&below, context, numbers[i], 0, INT32_MAX);
    if (!escalates && value_bool_or(value_get(context, "privileged"), false))
        blame_value(&below, "", "",
                    "cannot set `allowPrivilegeEscalation` to false and "
                    "`privileged` to true");
    if (!escalates &&
        tree_holds(value_path(context, "capabilities.add"), "CAP_SYS_ADMIN"))
        blame_value(&below, "", "",
                    "cannot set `allowPrivilegeEscalation` to false and "
                    "`capabilities.Add` CAP_SYS_ADMIN");
}

static void check_container(struct walk *walk, const struct value *container)
{
    const struct value *resources = value_get(container, "resources");
    struct walk below = into_member(walk, "resources");
    check_member(walk, container, "image", IMAGE, true);
    check_member(walk, container, "imagePullPolicy", PULL_POLICY, false);
    (void)take_text(walk, container, "workingDir", false);
    check_mounts(walk, container);
    check_variables(walk, container);
    check_amounts(&below, resources, "limits");
    check_amounts(&below, resources, "requests");
    check_identity(walk, value_get(container, "securityContext"));
}

void pod_rules_check(struct arena *arena, const struct value *pod,
                     const char *path, struct value *causes)
{
    static const char *const lists[] = {"initContainers", "containers"};
    struct walk walk = {arena, causes, pod, path};
    const struct value *secrets = value_get(pod, "imagePullSecrets");
    check_volumes(&walk);
    check_identity(&walk, value_get(pod, "securityContext"));
    check_member(&walk, pod, "serviceAccountName", DNS_SUBDOMAIN, false);
    check_member(&walk, pod, "nodeName", DNS_SUBDOMAIN, false);
    check_member(&walk, pod, "priorityClassName", DNS_SUBDOMAIN, false);
    check_member(&walk, pod, "hostname", DNS_LABEL, false);
    check_member(&walk, pod, "subdomain", DNS_LABEL, false);
    check_number(&walk, pod, "activeDeadlineSeconds", 1, INT32_MAX);
    check_number(&walk, pod, "terminationGracePeriodSeconds", 0, INT64_MAX);
    for (size_t i = 0; i < value_count(secrets); i++) {
        struct walk below = into_item(&walk, "imagePullSecrets", i);
        check_member(&below, value_item(secrets, i), "name", DNS_SUBDOMAIN,
                     true);
    }
    for (size_t k = 0; k < 2; k++) {
        const struct value *list = value_get(pod, lists[k]);
        for (size_t i = 0; i < value_count(list); i++) {
            struct walk below = into_item(&walk, lists[k], i);
            check_container(&below, value_item(list, i));
        }
    }
}
