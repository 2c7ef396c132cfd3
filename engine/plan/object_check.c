/*
 * A planned Job in, what a Kubernetes server would refuse of it out (E320), with the
 * place in the workflow: the rules of k8s 1.32 (ValidateObjectMeta, ValidatePodSpec)
 * for what a workflow can say and its schema does not settle. The server is asked
 * nothing, so that `assay plan` and a run say the same.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "engine/plan/private.h"

enum {
    LABEL_LIMIT = 63,
    SUBDOMAIN_LIMIT = 253,
    ANNOTATIONS_LIMIT = 256 * 1024,
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

struct check {
    struct arena *arena;
    struct diagnostics *diagnostics;
};

static void refuse(struct check *check, const struct value *value,
                   const struct value *around, const char *what,
                   const char *rule)
{
    struct mark mark = value && value->mark.line ? value->mark
                       : around                  ? around->mark
                                                 : (struct mark){0};
    diagnostics_add(check->diagnostics, SEVERITY_ERROR, "E320", mark, NULL,
                    "Kubernetes does not accept %s: %s", what, rule);
}

/* Letters and digits, and inside also `between`. */
static bool is_word(const char *text, size_t length, size_t limit,
                    const char *between)
{
    if (length == 0 || length > limit || !isalnum((unsigned char)text[0]) ||
        !isalnum((unsigned char)text[length - 1]))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr(between, text[i]))
            return false;
    return true;
}

static bool is_lower(const char *text)
{
    for (; *text; text++)
        if (isupper((unsigned char)*text))
            return false;
    return true;
}

/* RFC 1123: labels of a name, with dots between them. */
static bool is_subdomain(const char *text)
{
    size_t length = strlen(text);
    if (length > SUBDOMAIN_LIMIT || !is_lower(text))
        return false;
    for (const char *at = text;; at++) {
        size_t part = strcspn(at, ".");
        if (!is_word(at, part, SUBDOMAIN_LIMIT, "-"))
            return false;
        at += part;
        if (*at == '\0')
            return true;
    }
}

static bool is_label(const char *text)
{
    return is_lower(text) && is_word(text, strlen(text), LABEL_LIMIT, "-");
}

/* [PREFIX/]NAME, of labels, annotations and resources. */
static bool is_qualified(struct arena *arena, const char *text)
{
    const char *slash = strchr(text, '/');
    const char *name = slash ? slash + 1 : text;
    if (slash && !is_subdomain(arena_copy(arena, text, (size_t)(slash - text))))
        return false;
    return is_word(name, strlen(name), LABEL_LIMIT, "-_.");
}

static const char *quote(struct check *check, const char *kind,
                         const char *text)
{
    return arena_format(check->arena, "%s '%.100s'", kind, text);
}

/* --- metadata -------------------------------------------------------------- */

static void check_metadata(struct check *check, const struct value *metadata)
{
    static const char rule[] =
        "letters, digits and - _ . inside, at most 63; a prefix with / is a "
        "name in lower case";
    const struct value *labels = value_get(metadata, "labels");
    const struct value *annotations = value_get(metadata, "annotations");
    size_t bytes = 0;
    for (size_t i = 0; i < value_count(labels); i++) {
        const struct member *member = &labels->map.members[i];
        const char *text = value_string(member->value);
        if (!is_qualified(check->arena, member->name))
            refuse(check, member->value, labels,
                   quote(check, "the label", member->name), rule);
        if (text && *text && !is_word(text, strlen(text), LABEL_LIMIT, "-_."))
            refuse(check, member->value, labels,
                   arena_format(check->arena,
                                "the value '%.100s' of the label '%.100s'",
                                text, member->name),
                   "letters, digits and - _ . inside, at most 63");
    }
    for (size_t i = 0; i < value_count(annotations); i++) {
        const struct member *member = &annotations->map.members[i];
        const char *text = value_string(member->value);
        bytes += member->length + (text ? strlen(text) : 0);
        if (!is_qualified(check->arena, member->name))
            refuse(check, member->value, annotations,
                   quote(check, "the annotation", member->name), rule);
    }
    if (bytes > ANNOTATIONS_LIMIT)
        refuse(check, annotations, NULL, "the annotations",
               "at most 256 KiB together");
}

/* --- volumes and mounts ---------------------------------------------------- */

static const struct value *find_named(const struct value *list,
                                      const char *name)
{
    for (size_t i = 0; i < value_count(list); i++) {
        const char *found = value_string_at(value_item(list, i), "name");
        if (found && strcmp(found, name) == 0)
            return value_item(list, i);
    }
    return NULL;
}

static void check_volumes(struct check *check, const struct value *pod)
{
    const struct value *list = value_get(pod, "volumes");
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *entry = value_item(list, i);
        const struct value *name = value_get(entry, "name");
        const char *text = value_string(name) ? value_string(name) : "";
        const char *what = quote(check, "the volume", text);
        if (!is_label(text))
            refuse(check, name, entry, what,
                   "lower-case letters, digits and - inside, at most 63");
        if (find_named(list, text) != entry)
            refuse(check, name, entry, what, "there is one of that name");
        if (value_count(entry) != 2)
            refuse(check, name, entry, what, "it has exactly one source");
    }
}

/* Whether a path leaves the folder that it is below of. */
static bool leaves(const char *path)
{
    for (const char *at = path; *at;) {
        size_t part = strcspn(at, "/");
        if (part == 2 && at[0] == '.' && at[1] == '.')
            return true;
        at += part + (at[part] == '/');
    }
    return path[0] == '/';
}

/* The path without its last slashes. */
static const char *trim(struct arena *arena, const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    return arena_copy(arena, path, length);
}

static bool is_ours(const struct value *mount)
{
    const char *name = value_string_at(mount, "name");
    return name && strncmp(name, "assay-", 6) == 0;
}

static void check_mount(struct check *check, const struct value *pod,
                        const struct value *list, size_t index)
{
    struct arena *arena = check->arena;
    const struct value *mount = value_item(list, index);
    const struct value *name = value_get(mount, "name");
    const struct value *path = value_get(mount, "mountPath");
    const char *text = value_string(path) ? value_string(path) : "";
    const char *sub = value_string_at(mount, "subPath");
    const char *clean = trim(arena, text);
    const char *what = quote(check, "the mount at", text);
    if (!find_named(value_get(pod, "volumes"),
                    value_string(name) ? value_string(name) : ""))
        refuse(check, name, mount, what, "the pod has no volume of its name");
    if (!is_ours(mount) &&
        (strcmp(clean, "/") == 0 || strcmp(clean, "/.assay") == 0 ||
         strncmp(clean, "/.assay/", 8) == 0))
        refuse(check, path, mount, what, "nothing could run there");
    for (size_t i = 0; i < index; i++) {
        const char *other = value_string_at(value_item(list, i), "mountPath");
        if (other && strcmp(trim(arena, other), clean) == 0)
            refuse(check, path, mount, what, "there is one at that path");
    }
    if (sub && leaves(sub))
        refuse(check, value_get(mount, "subPath"), mount, what,
               "its subPath is relative and has no '..'");
    if (sub && *sub && value_string_at(mount, "subPathExpr"))
        refuse(check, path, mount, what,
               "it has a subPath or a subPathExpr, not both");
}

/* --- resources ------------------------------------------------------------- */

static const struct {
    const char *suffix;
    double factor;
} units[] = {
    {"", 1},        {"n", 1e-9},    {"u", 1e-6},    {"m", 1e-3},
    {"k", 1e3},     {"M", 1e6},     {"G", 1e9},     {"T", 1e12},
    {"P", 1e15},    {"E", 1e18},    {"Ki", 0x1p10}, {"Mi", 0x1p20},
    {"Gi", 0x1p30}, {"Ti", 0x1p40}, {"Pi", 0x1p50}, {"Ei", 0x1p60},
};

bool object_read_quantity(struct arena *arena, const struct value *value,
                          double *number)
{
    const char *text = value_scalar_text(arena, value);
    static const char digits[] = "0123456789.";
    if (!text || strspn(text, "+-0123456789.eEinukmMGTPEK") != strlen(text))
        return false;
    size_t sign = text[0] == '+' || text[0] == '-';
    size_t length = strspn(text + sign, digits);
    char *end = NULL;
    if (length == 0)
        return false;
    *number = strtod(text, &end);
    if (*end == '\0')
        return true;
    *number = strtod(arena_copy(arena, text, sign + length), NULL);
    for (size_t i = 0; i < LENGTH(units); i++)
        if (strcmp(units[i].suffix, text + sign + length) == 0) {
            *number *= units[i].factor;
            return true;
        }
    return false;
}

/* Resources of Kubernetes itself; others have a prefix. */
static bool is_resource(struct arena *arena, const char *name)
{
    static const char *const own[] = {"cpu", "memory", "ephemeral-storage"};
    for (size_t i = 0; i < LENGTH(own); i++)
        if (strcmp(name, own[i]) == 0)
            return true;
    return strncmp(name, "hugepages-", 10) == 0 ||
           (strchr(name, '/') && is_qualified(arena, name));
}

static void check_amount(struct check *check, const struct value *limits,
                         const struct member *member, bool request)
{
    struct arena *arena = check->arena;
    const char *what = quote(check, "the resource", member->name);
    double amount, limit;
    if (!is_resource(arena, member->name)) {
        refuse(check, member->value, NULL, what,
               "cpu, memory, ephemeral-storage, hugepages-SIZE, or a name with "
               "a prefix and /");
        return;
    }
    if (!object_read_quantity(arena, member->value, &amount) || amount < 0) {
        refuse(check, member->value, NULL, what,
               "an amount such as 100m, 1.5 or 64Mi, and not below 0");
        return;
    }
    const struct value *bound = value_get(limits, member->name);
    if (request && bound && object_read_quantity(arena, bound, &limit) &&
        amount > limit)
        refuse(check, member->value, NULL, what,
               "a request is not above its limit");
}

static void check_resources(struct check *check, const struct value *resources)
{
    const struct value *limits = value_get(resources, "limits");
    const struct value *requests = value_get(resources, "requests");
    for (size_t i = 0; i < value_count(limits); i++)
        check_amount(check, limits, &limits->map.members[i], false);
    for (size_t i = 0; i < value_count(requests); i++)
        check_amount(check, limits, &requests->map.members[i], true);
}

/* --- names and numbers ----------------------------------------------------- */

/* A variable's name: what can be printed, without '='. */
static bool is_variable(const char *name)
{
    for (const char *at = name; *at; at++)
        if (*at < ' ' || *at > '~' || *at == '=')
            return false;
    return *name != '\0';
}

static void check_reference(struct check *check, const struct value *reference)
{
    const struct value *name = value_get(reference, "name");
    const struct value *key = value_get(reference, "key");
    const char *text = value_string(name) ? value_string(name) : "";
    if (!is_subdomain(text))
        refuse(check, name, reference, quote(check, "the name", text),
               "lower-case letters, digits, - and . inside");
    if (value_string(key) &&
        (strspn(value_string(key),
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                "0123456789-_.") != strlen(value_string(key)) ||
         !*value_string(key)))
        refuse(check, key, reference,
               quote(check, "the key", value_string(key)),
               "letters, digits, - _ and .");
}

static void check_variables(struct check *check, const struct value *container)
{
    static const char *const kinds[] = {"configMapKeyRef", "secretKeyRef",
                                        "configMapRef", "secretRef"};
    const struct value *list = value_get(container, "env");
    const struct value *all = value_get(container, "envFrom");
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *entry = value_item(list, i);
        const struct value *name = value_get(entry, "name");
        const char *text = value_string(name) ? value_string(name) : "";
        if (!is_variable(text))
            refuse(check, name, entry, quote(check, "the variable", text),
                   "printable characters without '='");
        for (size_t k = 0; k < 2; k++) {
            const struct value *reference =
                value_get(value_get(entry, "valueFrom"), kinds[k]);
            if (reference)
                check_reference(check, reference);
        }
    }
    for (size_t i = 0; i < value_count(all); i++)
        for (size_t k = 2; k < 4; k++) {
            const struct value *reference =
                value_get(value_item(all, i), kinds[k]);
            if (reference)
                check_reference(check, reference);
        }
}

static void check_numbers(struct check *check, const struct value *context)
{
    static const char *const names[] = {"runAsUser", "runAsGroup", "fsGroup"};
    for (size_t i = 0; i < LENGTH(names); i++) {
        const struct value *value = value_get(context, names[i]);
        int64_t number = value_int_or(value, -1);
        if (value && (number < 0 || number > INT32_MAX))
            refuse(check, value, context, quote(check, "the field", names[i]),
                   "a number from 0 to 2147483647");
    }
}

static void check_deadline(struct check *check, const struct value *owner,
                           int64_t least)
{
    const struct value *value = value_get(owner, "activeDeadlineSeconds");
    int64_t number = value_int_or(value, -1);
    if (value && (number < least || number > INT32_MAX))
        refuse(check, value, NULL, "the field 'activeDeadlineSeconds'",
               arena_format(check->arena, "a number from %d to 2147483647",
                            (int)least));
}

static const struct {
    const char *path;
    bool label; /* else a subdomain */
} named[] = {
    {"serviceAccountName", false}, {"nodeName", false},
    {"priorityClassName", false},  {"hostname", true},
    {"subdomain", true},
};

static void check_names(struct check *check, const struct value *pod)
{
    const struct value *secrets = value_get(pod, "imagePullSecrets");
    for (size_t i = 0; i < LENGTH(named); i++) {
        const struct value *value = value_get(pod, named[i].path);
        const char *text = value_string(value);
        if (text && *text &&
            !(named[i].label ? is_label(text) : is_subdomain(text)))
            refuse(
                check, value, pod,
                arena_format(check->arena, "%s '%.100s'", named[i].path, text),
                named[i].label
                    ? "lower-case letters, digits and - inside, at most 63"
                    : "lower-case letters, digits, - and . inside");
    }
    for (size_t i = 0; i < value_count(secrets); i++)
        check_reference(check, value_item(secrets, i));
}

static void check_container(struct check *check, const struct value *pod,
                            const struct value *container)
{
    const struct value *mounts = value_get(container, "volumeMounts");
    const struct value *image = value_get(container, "image");
    const char *text = value_string(image) ? value_string(image) : "";
    if (*text == '\0' || strpbrk(text, " \t\r\n"))
        refuse(check, image, container, quote(check, "the image", text),
               "a name without spaces");
    for (size_t i = 0; i < value_count(mounts); i++)
        check_mount(check, pod, mounts, i);
    check_resources(check, value_get(container, "resources"));
    check_variables(check, container);
    check_numbers(check, value_get(container, "securityContext"));
}

void object_check(struct planning *planning, const struct value *job)
{
    static const char *const lists[] = {"initContainers", "containers"};
    struct check check = {planning->arena, planning->diagnostics};
    const struct value *template = value_path(job, "spec.template");
    const struct value *pod = value_get(template, "spec");
    check_metadata(&check, value_get(job, "metadata"));
    check_metadata(&check, value_get(template, "metadata"));
    check_deadline(&check, value_get(job, "spec"), 0);
    check_deadline(&check, pod, 1);
    check_volumes(&check, pod);
    check_names(&check, pod);
    check_numbers(&check, value_get(pod, "securityContext"));
    for (size_t k = 0; k < LENGTH(lists); k++) {
        const struct value *list = value_get(pod, lists[k]);
        for (size_t i = 0; i < value_count(list); i++)
            check_container(&check, pod, value_item(list, i));
    }
}
