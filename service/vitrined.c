// SPDX-License-Identifier: GPL-2.0-only
/* vitrined.c - sandboxes over the network: the daemon's start and end
 *
 * Theory of operation
 * Start-up, in this order: options; the lock of the state directory, which an earlier daemon's
 * starter holds until it has cleaned up; the starter, before there is anything that it could
 * inherit; the store, the first key, the listening socket; giving up privileges; the keeper, which
 * brings store and host together; the server. A daemon that ends takes nothing along: sandboxes are
 * processes of their own, and the next one finds them.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "api/auth.h"
#include "build/build.h"
#include "cli/common/cli.h"
#include "cli/common/paths.h"
#include "config.h"
#include "confine.h"
#include "doctor.h"
#include "engine/control/rundir.h"
#include "http/server.h"
#include "lib/say.h"
#include "life/events.h"
#include "life/keeper.h"
#include "life/sandbox.h"
#include "listen.h"
#include "metrics/metrics.h"
#include "proc/process.h"
#include "service.h"
#include "starter/starter.h"
#include "store/store.h"
#include "vitrine/util.h"

#define IDLE_SECONDS 60
#define STOP_SECONDS 5
#define LOCK_SECONDS 60
#define SWEEP_SECONDS 3600

struct places {
	char *state, *directory, *lock, *store, *vitrine;
};

/* vitrine is beside us, where both were built or installed */
static int places_find(struct places *places, const struct config *config, struct error *err)
{
	char self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *chosen = getenv("VITRINE");
	char *slash;

	self[len > 0 ? len : 0] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return error_set(err, errno, "cannot find the program");
	*slash = '\0';
	places->directory = paths_state("service", err);
	places->state = paths_state("", err);
	if (!places->directory || !places->state || paths_make(places->directory, err))
		return -1;
	if (chmod(places->directory, 0700))
		return error_set(err, errno, "%s", places->directory);
	if (asprintf(&places->lock, "%s/lock", places->directory) < 0 ||
	    asprintf(&places->store, "sqlite:%s/store.db", places->directory) < 0 ||
	    asprintf(&places->vitrine, "%s/vitrine", self) < 0)
		return error_set(err, ENOMEM, "paths");
	if (chosen && *chosen)
		places->vitrine = strdup(chosen);
	if (config->store)
		places->store = strdup(config->store);
	return 0;
}

/* Whoever held it before is gone, and all that it had begun is finished */
static int take_lock(const char *path, struct error *err)
{
	cleanup_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_set(err, errno, "%s", path);
	for (unsigned i = 0; flock(fd, LOCK_EX | LOCK_NB); i++) {
		if (i == 0)
			say("waiting for another vitrined of this store to end");
		if (i == LOCK_SECONDS * 10)
			return error_set(err, 0, "another vitrined of this store runs");
		usleep(100000);
	}
	return steal_fd(fd);
}

static int read_instance(struct service *service, struct error *err)
{
	struct rows rows cleanup_rows = { 0 };
	char fresh[INSTANCE_MAX];

	random_hex(fresh, INSTANCE_MAX - 1);
	if (store_run(service->store, NULL, err,
		      "INSERT INTO meta (name, value) VALUES ('instance', $1) "
		      "ON CONFLICT (name) DO NOTHING",
		      "s", fresh) ||
	    store_run(service->store, &rows, err, "SELECT value FROM meta WHERE name = 'instance'",
		      ""))
		return -1;
	snprintf(service->instance, sizeof(service->instance), "%s", rows_text(&rows, 0, 0));
	return 0;
}

static int print_first_key(struct service *service, struct error *err)
{
	char key[KEY_LEN + 1];
	struct fault fault;
	const int made = auth_first(service, key, &fault);

	if (made < 0)
		return error_set(err, 0, "%s", fault.text);
	if (made) {
		printf("API key (shown once): %s\n", key);
		fflush(stdout);
	}
	return 0;
}

/* The base image that comes with the program is made when it is first needed: now */
static int make_base(struct service *service, struct error *err)
{
	cleanup_free char *images = paths_images(err), *path = NULL;
	char text[STARTER_TEXT_MAX];
	int status;

	if (strcmp(service->base, "mini") != 0)
		return 0;
	if (!images || asprintf(&path, "%s/mini.ext4", images) < 0)
		return -1;
	if (!access(path, R_OK))
		return 0;
	status = starter_order(
	    service->starter, json_pack("{s:s, s:s}", "op", "build", "name", "vd-base"), text, err);
	if (status)
		say("the image 'mini' could not be made: %s", status < 0 ? err->text : text);
	return 0;
}

/* Only to look at the times of what is in it */
static int open_images(void)
{
	cleanup_free char *path = paths_images(NULL);

	return path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
}

static void more_descriptors(void)
{
	struct rlimit files;

	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static int confine(const struct places *places, bool network, struct error *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char way[4000], run[4096];
	const char *paths[8] = { places->state, run };
	size_t n = 2;

	/* As rundir_open() has it */
	if (runtime && runtime[0] == '/')
		snprintf(way, sizeof(way), "%s", runtime);
	else
		snprintf(way, sizeof(way), "/tmp/vitrine-%u", geteuid());
	snprintf(run, sizeof(run), "%s/vitrine", way);
	if (network)
		paths[n++] = "/etc";
	paths[n] = NULL;
	return service_confine(paths, way, network, err);
}

/* --drain: what runs is paused, so that the host can be turned off */
static void drain(struct service *service)
{
	struct rows rows cleanup_rows = { 0 };
	struct fault fault;

	if (store_run(service->store, &rows, NULL, "SELECT id FROM sandbox WHERE state = 'running'",
		      ""))
		return;
	for (size_t i = 0; i < rows.count; i++) {
		if (sandbox_pause(service, NULL, rows_text(&rows, i, 0), &fault))
			say("%s: %s", rows_text(&rows, i, 0), fault.text);
	}
}

static int serve(struct service *service, const struct config *config, const struct places *places,
		 int fd, struct error *err)
{
	const struct server_limits limits = { config->connections, IDLE_SECONDS };
	const bool network = strncmp(places->store, "sqlite:", 7) != 0;
	const struct timespec second = { .tv_sec = 1 };
	bool ended;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (confine(places, network, err) || keeper_start(service, err) ||
	    metrics_start(service, err))
		return -1;
	if (server_start(service, fd, &limits, auth_judge, err))
		return -1;
	say("serving at http://%s:%u", config->address, service->port);
	for (unsigned i = 0; sigtimedwait(&signals, NULL, &second) < 0; i++) {
		server_sweep();
		if (i % SWEEP_SECONDS == 0)
			upload_sweep(service);
	}
	say("ending; sandboxes %s", config->drain ? "are paused" : "go on");
	events_stop();
	ended = server_stop(STOP_SECONDS);
	keeper_stop();
	metrics_stop(service);
	if (config->drain)
		drain(service);
	if (!ended)
		_exit(0); /* under the feet of commands that are waited for */
	return 0;
}

static int run(const struct config *config, const struct places *places, struct error *err)
{
	struct service service = { .base = config->base,
				   .interpreter = config->interpreter,
				   .domain = config->domain,
				   .internet = config->internet,
				   .warm = !config->cold,
				   .warm_up = process_warm_up };
	cleanup_close int lock = take_lock(places->lock, err);
	int fd, rundir;

	if (lock < 0)
		return -1;
	service.vitrine = places->vitrine;
	service.directory = places->directory;
	service.started_ms = now_ms();
	more_descriptors();
	mallopt(M_ARENA_MAX, 4); /* of threads there are hundreds */
	rundir = rundir_open(err);
	if (rundir < 0)
		return -1;
	close(rundir);
	service.starter = starter_fork(places->vitrine, lock, err);
	if (service.starter < 0)
		return -1;
	service.store = store_open(places->store, err);
	if (!service.store || read_instance(&service, err) || make_base(&service, err))
		return -1;
	service.images = open_images();
	fd = listen_at(config->address, config->port, err);
	if (fd < 0)
		return -1;
	service.port = listen_port_of(fd);
	if (print_first_key(&service, err) || serve(&service, config, places, fd, err))
		return -1;
	store_close(service.store);
	close(service.starter);
	return 0;
}

/* vitrined key: one more key with all rights, for whoever may write to the store anyway */
static int print_key(const struct places *places, struct error *err)
{
	const struct caller wanted = { .owner = "default",
				       .scopes = SCOPE_READ | SCOPE_EXEC | SCOPE_ADMIN };
	struct service service = { .store = store_open(places->store, err) };
	char id[32], key[KEY_LEN + 1];
	struct fault fault;
	int ret = 0;

	if (!service.store)
		return -1;
	if (key_make(&service, &wanted, "local", id, key, &fault))
		ret = error_set(err, 0, "%s", fault.text);
	else
		puts(key);
	store_close(service.store);
	return ret;
}

int main(int argc, char **argv)
{
	struct places places = { 0 };
	struct config config;
	struct error err = { 0 };
	int first = config_parse(&config, argc, argv, &err);

	if (first == 0)
		return 0;
	if (first > 0 && first < argc && strcmp(argv[first], "doctor") != 0 &&
	    strcmp(argv[first], "key") != 0)
		first = error_set(&err, 0, "'%s' is no command; see vitrined --help", argv[first]);
	if (first < 0) {
		say_error(&err);
		return EXIT_USAGE;
	}
	if (places_find(&places, &config, &err) == 0) {
		if (first < argc && !strcmp(argv[first], "key")) {
			if (print_key(&places, &err) == 0)
				return 0;
			say_error(&err);
			return EXIT_VITRINE;
		}
		if (first < argc)
			return doctor(&config, places.vitrine, places.store, places.lock);
		if (run(&config, &places, &err) == 0)
			return 0;
	}
	say_error(&err);
	return EXIT_VITRINE;
}
