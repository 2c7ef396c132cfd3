/*
 * engine/plan/security.h against an independent judge of the Pod Security Standards:
 * what breaks a profile is refused by the judge and told by the planner, and what
 * the planner lets pass is admitted.
 */
#include <ftw.h>
#include <stdlib.h>

#include "engine/base/file.h"
#include "engine/plan/plan.h"
#include "tests/kube/pod_security.h"
#include "tests/kube/tree.h"
#include "tests/unit/value_fixture.h"

enum { FILES_LIMIT = 1000, BYTES_LIMIT = 1024 * 1024 };

static const enum security_profile profiles[] = {
    SECURITY_PRIVILEGED, SECURITY_BASELINE, SECURITY_RESTRICTED};

/* What a workflow may ask for; `level` is the loosest profile that forbids it,
 * `want` begins what is told of it. */
static const struct {
    enum security_profile level;
    const char *want, *template;
} rows[] = {
    {SECURITY_BASELINE, "securityContext.windowsOptions.hostProcess",
     "{spec: {securityContext: {windowsOptions: {hostProcess: true}}}}"},
    {SECURITY_BASELINE,
     "container 'a': securityContext.windowsOptions.hostProcess",
     "{spec: {containers: [{name: a, securityContext: {windowsOptions: "
     "{hostProcess: true}}}]}}"},
    {SECURITY_BASELINE, "hostNetwork", "{spec: {hostNetwork: true}}"},
    {SECURITY_BASELINE, "hostPID", "{spec: {hostPID: true}}"},
    {SECURITY_BASELINE, "hostIPC", "{spec: {hostIPC: true}}"},
    {SECURITY_BASELINE, "container 'a': securityContext.privileged",
     "{spec: {containers: [{name: a, securityContext: {privileged: true}}]}}"},
    {SECURITY_BASELINE, "container 'i': securityContext.privileged",
     "{spec: {initContainers: [{name: i, securityContext: {privileged: "
     "true}}]}}"},
    {SECURITY_BASELINE,
     "container 'a': securityContext.capabilities.add: NET_ADMIN",
     "{spec: {containers: [{name: a, securityContext: {capabilities: {add: "
     "[CHOWN, NET_ADMIN]}}}]}}"},
    {SECURITY_BASELINE,
     "container 'a': securityContext.capabilities.add: CAP_SYS_ADMIN",
     "{spec: {containers: [{name: a, securityContext: {capabilities: {add: "
     "[CAP_SYS_ADMIN]}}}]}}"},
    {SECURITY_BASELINE, "volume 'v': hostPath",
     "{spec: {volumes: [{name: v, hostPath: {path: /}}]}}"},
    {SECURITY_BASELINE, "container 'a': ports[0]",
     "{spec: {containers: [{name: a, ports: [{containerPort: 80, hostPort: "
     "80}]}]}}"},
    {SECURITY_BASELINE, "securityContext.appArmorProfile.type",
     "{spec: {securityContext: {appArmorProfile: {type: Unconfined}}}}"},
    {SECURITY_BASELINE, "container 'a': securityContext.appArmorProfile.type",
     "{spec: {containers: [{name: a, securityContext: {appArmorProfile: "
     "{type: Unconfined}}}]}}"},
    {SECURITY_BASELINE, "container.apparmor.security.beta.kubernetes.io/a",
     "{metadata: {annotations: "
     "{container.apparmor.security.beta.kubernetes.io/a: unconfined}}}"},
    {SECURITY_BASELINE, "securityContext.seLinuxOptions.type",
     "{spec: {securityContext: {seLinuxOptions: {type: spc_t}}}}"},
    {SECURITY_BASELINE, "container 'a': securityContext.seLinuxOptions.user",
     "{spec: {containers: [{name: a, securityContext: {seLinuxOptions: "
     "{user: root}}}]}}"},
    {SECURITY_BASELINE, "container 'a': securityContext.seLinuxOptions.role",
     "{spec: {containers: [{name: a, securityContext: {seLinuxOptions: "
     "{role: sysadm_r}}}]}}"},
    {SECURITY_BASELINE, "container 'a': securityContext.procMount",
     "{spec: {containers: [{name: a, securityContext: {procMount: "
     "Unmasked}}]}}"},
    {SECURITY_BASELINE, "securityContext.seccompProfile.type",
     "{spec: {securityContext: {seccompProfile: {type: Unconfined}}}}"},
    {SECURITY_BASELINE, "container 'a': securityContext.seccompProfile.type",
     "{spec: {containers: [{name: a, securityContext: {seccompProfile: {type: "
     "Unconfined}}}]}}"},
    {SECURITY_BASELINE, "securityContext.sysctls: kernel.msgmax",
     "{spec: {securityContext: {sysctls: [{name: kernel.msgmax, value: "
     "'1'}]}}}"},
    {SECURITY_RESTRICTED, "volume 'v': nfs",
     "{spec: {volumes: [{name: v, nfs: {server: s, path: /}}]}}"},
    {SECURITY_RESTRICTED, "volume 'v': gitRepo",
     "{spec: {volumes: [{name: v, gitRepo: {repository: r}}]}}"},
    {SECURITY_RESTRICTED,
     "container 'a': securityContext.allowPrivilegeEscalation",
     "{spec: {containers: [{name: a, securityContext: "
     "{allowPrivilegeEscalation: true}}]}}"},
    {SECURITY_RESTRICTED, "securityContext.runAsNonRoot",
     "{spec: {securityContext: {runAsNonRoot: false}}}"},
    {SECURITY_RESTRICTED, "container 'i': securityContext.runAsNonRoot",
     "{spec: {initContainers: [{name: i, securityContext: {runAsNonRoot: "
     "false}}]}}"},
    {SECURITY_RESTRICTED, "securityContext.runAsUser",
     "{spec: {securityContext: {runAsUser: 0}}}"},
    {SECURITY_RESTRICTED, "container 'a': securityContext.runAsUser",
     "{spec: {containers: [{name: a, securityContext: {runAsUser: 0}}]}}"},
    {SECURITY_RESTRICTED, "container 'a': securityContext.capabilities.add",
     "{spec: {containers: [{name: a, securityContext: {capabilities: {add: "
     "[CHOWN]}}}]}}"},
    /* What all of them admit. */
    {SECURITY_AUTO, NULL, "{}"},
    {SECURITY_AUTO, NULL,
     "{spec: {containers: [{name: a, securityContext: {capabilities: {add: "
     "[NET_BIND_SERVICE], drop: [CHOWN]}}}]}}"},
    {SECURITY_AUTO, NULL,
     "{spec: {containers: [{name: a, securityContext: {seccompProfile: {type: "
     "Localhost, localhostProfile: p}, runAsUser: 7}, ports: "
     "[{containerPort: 8080}]}]}}"},
    {SECURITY_AUTO, NULL,
     "{metadata: {annotations: "
     "{container.apparmor.security.beta.kubernetes.io/a: localhost/p}}}"},
    {SECURITY_AUTO, NULL,
     "{spec: {securityContext: {seLinuxOptions: {type: container_t, level: "
     "s0}, sysctls: [{name: net.ipv4.tcp_keepalive_time, value: '9'}]}}}"},
    {SECURITY_AUTO, NULL,
     "{spec: {volumes: [{name: v, persistentVolumeClaim: {claimName: c}}, "
     "{name: w, emptyDir: {}}]}}"},
};

/* The row's template, with two containers in any case. */
static struct value *make_template(struct arena *arena, const char *text)
{
    struct value *made = from_yaml(
        arena, "{metadata: {}, spec: {initContainers: [{name: i, image: x}], "
               "containers: [{name: a, image: x}], volumes: []}}");
    return tree_merge_strategic(arena, made, from_yaml(arena, text));
}

static void confine(struct arena *arena, struct value *template,
                    enum security_profile profile)
{
    security_confine(arena, template,
                     &(struct security_choice){.profile = profile});
}

static void every_rule_from_both_sides(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t k = 0; k < COUNT_OF(profiles); k++) {
            CLEANUP(arena_free) struct arena *arena = arena_new();
            const char *name = rows[i].template;
            const char *level = security_profile_name(profiles[k]);
            struct value *template = make_template(arena, name);
            struct security_finding *found;
            confine(arena, template, profiles[k]);
            size_t count = security_judge(arena, template, profiles[k], &found);
            const char *refusal = pod_security_judge(arena, template, level);
            bool forbidden = rows[i].want && profiles[k] >= rows[i].level;
            if (forbidden != (count > 0) || forbidden != (refusal != NULL))
                fail_msg("%s: %s: told: %s, the judge: %s", name, level,
                         count ? found[0].field : "nothing",
                         refusal ? refusal : "nothing");
            CHECK(name, !forbidden || strstr(found[0].field, rows[i].want));
            CHECK(name, !forbidden || found[0].profile == rows[i].level);
            CHECK(name, !forbidden || found[0].mark.line == 1);
        }
    }
}

/* Any two of them in one pod, as they are and filled in: both say the same. */
static void pairs_are_judged_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows) * COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct value *template = tree_merge_strategic(
            arena, make_template(arena, rows[i / COUNT_OF(rows)].template),
            from_yaml(arena, rows[i % COUNT_OF(rows)].template));
        for (size_t k = 0; k < 2 * COUNT_OF(profiles); k++) {
            enum security_profile profile = profiles[k / 2];
            struct value *copy = value_copy(arena, template);
            struct security_finding *found;
            if (k % 2)
                confine(arena, copy, profile);
            size_t count = security_judge(arena, copy, profile, &found);
            const char *refusal =
                pod_security_judge(arena, copy, security_profile_name(profile));
            if ((count > 0) != (refusal != NULL))
                fail_msg("%s: %s: told: %s, the judge: %s",
                         as_json(arena, copy), security_profile_name(profile),
                         count ? found[0].field : "nothing",
                         refusal ? refusal : "nothing");
        }
    }
}

/* --- what is filled in ----------------------------------------------------- */

static const struct {
    const char *name, *pod;
    struct security_choice choice;
    const char *want;
} fillings[] = {
    {"privileged adds nothing",
     "{containers: [{name: a}]}",
     {.profile = SECURITY_PRIVILEGED},
     "{\"containers\":[{\"name\":\"a\"}]}"},
    {"auto",
     "{containers: [{name: a}]}",
     {.profile = SECURITY_AUTO},
     "{\"containers\":[{\"name\":\"a\",\"securityContext\":"
     "{\"allowPrivilegeEscalation\":false}}],\"securityContext\":"
     "{\"seccompProfile\":{\"type\":\"RuntimeDefault\"}}}"},
    {"what the server would refuse is not added",
     "{containers: [{name: a, securityContext: {privileged: true}}, {name: b, "
     "securityContext: {capabilities: {add: [CAP_SYS_ADMIN]}}}]}",
     {.profile = SECURITY_AUTO},
     "{\"containers\":[{\"name\":\"a\",\"securityContext\":{\"privileged\":"
     "true}},{\"name\":\"b\",\"securityContext\":{\"capabilities\":{\"add\":["
     "\"CAP_SYS_ADMIN\"]}}}],\"securityContext\":{\"seccompProfile\":{\"type\":"
     "\"RuntimeDefault\"}}}"},
    {"restricted, initContainers too",
     "{initContainers: [{name: i}], containers: [{name: a, env: [{name: HOME, "
     "value: /h}]}]}",
     {.profile = SECURITY_RESTRICTED},
     "{\"initContainers\":[{\"name\":\"i\",\"securityContext\":"
     "{\"allowPrivilegeEscalation\":false,\"capabilities\":{\"drop\":[\"ALL\"]}"
     ",\"readOnlyRootFilesystem\":true},\"env\":[{\"name\":\"HOME\",\"value\":"
     "\"/tmp\"}]}],\"containers\":[{\"name\":\"a\",\"env\":[{\"name\":\"HOME\","
     "\"value\":\"/h\"}],\"securityContext\":{\"allowPrivilegeEscalation\":"
     "false,\"capabilities\":{\"drop\":[\"ALL\"]},\"readOnlyRootFilesystem\":"
     "true}}],\"securityContext\":{\"seccompProfile\":{\"type\":"
     "\"RuntimeDefault\"},\"runAsNonRoot\":true,\"runAsUser\":65532,"
     "\"runAsGroup\":65532,\"fsGroup\":65532}}"},
    {"the cluster gives users",
     "{containers: [{name: a}]}",
     {.profile = SECURITY_RESTRICTED, .assigns_users = true},
     "{\"containers\":[{\"name\":\"a\",\"securityContext\":"
     "{\"allowPrivilegeEscalation\":false,\"capabilities\":{\"drop\":[\"ALL\"]}"
     "}}],\"securityContext\":{\"seccompProfile\":{\"type\":\"RuntimeDefault\"}"
     ",\"runAsNonRoot\":true}}"},
    {"a user of its own: its root file system stays writable",
     "{containers: [{name: a, securityContext: {runAsUser: 5}}]}",
     {.profile = SECURITY_RESTRICTED},
     "{\"containers\":[{\"name\":\"a\",\"securityContext\":{\"runAsUser\":5,"
     "\"allowPrivilegeEscalation\":false,\"capabilities\":{\"drop\":[\"ALL\"]}}"
     "}],\"securityContext\":{\"seccompProfile\":{\"type\":\"RuntimeDefault\"},"
     "\"runAsNonRoot\":true}}"},
    {"a claim of the run itself gets the group",
     "{containers: [{name: a, securityContext: {readOnlyRootFilesystem: "
     "false}, "
     "env: [{name: HOME}]}], volumes: [{name: assay-workspace, "
     "persistentVolumeClaim: {claimName: c}}]}",
     {.profile = SECURITY_RESTRICTED},
     "{\"containers\":[{\"name\":\"a\",\"securityContext\":{"
     "\"readOnlyRootFilesystem\":false,\"allowPrivilegeEscalation\":false,"
     "\"capabilities\":{\"drop\":[\"ALL\"]}},\"env\":[{\"name\":\"HOME\"}]}],"
     "\"volumes\":[{\"name\":\"assay-workspace\",\"persistentVolumeClaim\":{"
     "\"claimName\":\"c\"}}],\"securityContext\":{\"seccompProfile\":{\"type\":"
     "\"RuntimeDefault\"},\"runAsNonRoot\":true,\"runAsUser\":65532,"
     "\"runAsGroup\":65532,\"fsGroup\":65532}}"},
    {"files of others keep their group",
     "{securityContext: {seccompProfile: {type: Localhost}}, containers: [], "
     "initContainers: [{name: a, securityContext: {readOnlyRootFilesystem: "
     "false, capabilities: {drop: [CHOWN]}}}], volumes: [{name: v, "
     "persistentVolumeClaim: {claimName: c}}]}",
     {.profile = SECURITY_RESTRICTED},
     "{\"securityContext\":{\"seccompProfile\":{\"type\":\"Localhost\"},"
     "\"runAsNonRoot\":true,\"runAsUser\":65532,\"runAsGroup\":65532},"
     "\"containers\":[],\"initContainers\":[{\"name\":\"a\","
     "\"securityContext\":{\"readOnlyRootFilesystem\":false,\"capabilities\":"
     "{\"drop\":[\"CHOWN\",\"ALL\"]},\"allowPrivilegeEscalation\":false},"
     "\"env\":[{\"name\":\"HOME\",\"value\":\"/tmp\"}]}],\"volumes\":[{"
     "\"name\":\"v\",\"persistentVolumeClaim\":{\"claimName\":\"c\"}}]}"},
};

static void what_is_filled_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(fillings); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct value *template = value_make_map(arena);
        value_set(arena, template, "spec", from_yaml(arena, fillings[i].pod));
        security_confine(arena, template, &fillings[i].choice);
        CHECK_TEXT(fillings[i].name,
                   as_json(arena, value_get(template, "spec")),
                   fillings[i].want);
        security_confine(arena, template, &fillings[i].choice);
        CHECK_TEXT("doing it again",
                   as_json(arena, value_get(template, "spec")),
                   fillings[i].want);
    }
}

/* --- whole workflows ------------------------------------------------------- */

static struct workflow *resolve(struct arena *arena, const char *source,
                                struct diagnostics *found)
{
    const struct value *documents =
        value_read_yaml(arena, source, strlen(source), found);
    struct workflow *workflow =
        documents ? workflow_decode(arena, value_item(documents, 0), source,
                                    strlen(source), found)
                  : NULL;
    for (size_t i = 0; workflow && i < workflow->parameter_count; i++) {
        static const char *const values[] = {"x", "1", "true"};
        for (size_t k = 0; !workflow->parameters[i].fallback &&
                           !workflow->parameters[i].given && k < 3;
             k++) {
            struct error ignored = {0};
            (void)!workflow_set(arena, workflow,
                                arena_format(arena, "%s=%s",
                                             workflow->parameters[i].name,
                                             values[k]),
                                &ignored);
        }
    }
    return workflow && workflow_resolve(arena, workflow, "0", found) == 0
               ? workflow
               : NULL;
}

static struct plan *plan(struct arena *arena, const char *source,
                         enum security_profile profile, bool later,
                         struct diagnostics *found)
{
    struct plan_options options = {
        .run_id = "0123456789abcdef",
        .token = "00000000000000000000000000000000",
        .security = profile,
        .security_later = later,
    };
    struct workflow *workflow = resolve(arena, source, found);
    return workflow ? plan_make(arena, workflow, &options, found) : NULL;
}

static const struct {
    const char *spec; /* lines of the document's spec, from its line 4 on */
    const char *want; /* LINE:COLUMN CODE ...; NULL: nothing */
    enum security_profile profile;
} documents[] = {
    {"  container:\n    securityContext: {privileged: true}\n  steps: [{shell: "
     "x}]\n",
     "5:35 S503", SECURITY_BASELINE},
    {"  container:\n    securityContext: {privileged: true}\n  steps: [{shell: "
     "x}]\n",
     "5:35 S503", SECURITY_RESTRICTED},
    {"  container:\n    securityContext: {privileged: true}\n  steps: [{shell: "
     "x}]\n",
     NULL, SECURITY_AUTO},
    {"  steps:\n  - shell: x\n    container: {securityContext: {runAsUser: "
     "'0'}}\n",
     "6:46 S504", SECURITY_RESTRICTED},
    {"  pod: {volumes: [{name: v, hostPath: {path: /}}]}\n  steps: [{shell: "
     "x}]\n",
     "4:39 S503", SECURITY_RESTRICTED},
    {"  pod: {securityContext: {seccompProfile: {type: '{{ \"Unconfined\" "
     "}}'}}}\n  steps: [{shell: x}]\n",
     "4:50 S503", SECURITY_BASELINE},
    {"  pod:\n    annotations:\n      "
     "container.apparmor.security.beta.kubernetes.io/steps-1: unconfined\n  "
     "steps: [{shell: x}]\n",
     "6:63 S503", SECURITY_BASELINE},
};

static void findings_have_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(documents) * 2; i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        const char *spec = documents[i / 2].spec;
        const char *source = arena_format(
            arena, "kind: TestWorkflow\nmetadata: {name: w}\nspec:\n%s", spec);
        struct diagnostics found = diagnostics_make(arena, "w.yaml");
        CLEANUP(text_free) struct text got = {0};
        bool planned = plan(arena, source, documents[i / 2].profile, i % 2,
                            &found) != NULL;
        for (size_t k = 0; k < found.count; k++)
            text_append_format(&got, "%s%u:%u %s", k ? " " : "",
                               found.items[k].mark.line,
                               found.items[k].mark.column, found.items[k].code);
        CHECK_TEXT(spec, text_string(&got),
                   documents[i / 2].want ? documents[i / 2].want : "");
        CHECK(spec, planned == !documents[i / 2].want);
    }
}

static char *files[FILES_LIMIT];
static size_t file_count;
static struct arena *kept;

static int note_file(const char *path, const struct stat *status, int kind,
                     struct FTW *walk)
{
    (void)status;
    (void)walk;
    const char *dot = strrchr(path, '.');
    if (kind == FTW_F && dot && strcmp(dot, ".yaml") == 0 &&
        file_count < FILES_LIMIT)
        files[file_count++] = arena_string(kept, path);
    return 0;
}

static int find_files(void **state)
{
    (void)state;
    const char *corpus = getenv("ASSAY_CORPUS");
    kept = arena_new();
    if (corpus)
        (void)nftw(arena_format(kept, "%s/marketplace/workflows", corpus),
                   note_file, 8, FTW_PHYS);
    (void)nftw(SOURCE_FOLDER "/tests/cases/plan", note_file, 8, FTW_PHYS);
    return nftw(SOURCE_FOLDER "/marketplace/catalog", note_file, 8, FTW_PHYS);
}

static int forget_files(void **state)
{
    (void)state;
    arena_free(kept);
    return 0;
}

static bool is_security(const struct diagnostics *found)
{
    bool any = false;
    for (size_t i = 0; i < found->count; i++)
        any = any || strcmp(found->items[i].code, "S503") == 0 ||
              strcmp(found->items[i].code, "S504") == 0;
    return any;
}

/* What is planned is admitted; what is not, is told. Nothing is refused by auto. */
static void files_that_are_there(void **state)
{
    (void)state;
    static const enum security_profile all[] = {
        SECURITY_AUTO, SECURITY_BASELINE, SECURITY_RESTRICTED};
    size_t planned = 0;
    for (size_t i = 0; i < file_count; i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        size_t length;
        const char *source =
            file_read(arena, files[i], BYTES_LIMIT, &length, &error);
        if (!source || !strstr(source, "TestWorkflow"))
            continue;
        bool plain = false;
        for (size_t k = 0; k < COUNT_OF(all); k++) {
            struct diagnostics found = diagnostics_make(arena, files[i]);
            const struct plan *made =
                plan(arena, source, all[k], false, &found);
            plain = k == 0 ? made != NULL : plain;
            planned += made != NULL;
            CHECK(files[i], k > 0 || !is_security(&found));
            CHECK(files[i], made || !plain || is_security(&found));
            const char *refusal =
                made
                    ? pod_security_judge(arena,
                                         value_path(made->job, "spec.template"),
                                         security_profile_name(all[k]))
                    : NULL;
            if (refusal)
                fail_msg("%s: %s", files[i], refusal);
        }
    }
    assert_true(planned >= 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_from_both_sides),
        cmocka_unit_test(pairs_are_judged_alike),
        cmocka_unit_test(what_is_filled_in),
        cmocka_unit_test(findings_have_places),
        cmocka_unit_test(files_that_are_there),
    };
    return cmocka_run_group_tests(tests, find_files, forget_files);
}
