//! The sources together: who comes first, and what a mistake says.

use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Source, Error> {
    let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
    environment::read(variables).map(|read| read.source)
}

fn slips(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
    environment::read(variables).expect("no value is wrong").slips
}

#[test]
fn methods_come_before_the_environment_and_that_before_the_installed_config() {
    let environment = read(&[("CONCUR_DRIVER", " thread "), ("CONCUR_TIMEOUT", "2s")]).unwrap();
    let mut installed = Source { driver: Some(Choice::Driver(Driver::Sync)), ..Source::default() };
    installed.all.timeout = Some(Duration::from_secs(9));
    installed.all.workers = Some(7);
    let mut methods = Methods::default();
    let settings = Settings::from_sources(&methods, None, &[&environment, &installed]).unwrap();
    assert_eq!(settings.driver, Driver::Thread);
    assert_eq!(settings.timeout, Some(Duration::from_secs(2)));
    assert_eq!(settings.workers(), 7);
    methods.driver = Some(Driver::Fork);
    methods.options.timeout = Some(Duration::from_millis(5));
    let settings = Settings::from_sources(&methods, None, &[&environment, &installed]).unwrap();
    assert_eq!(settings.driver, Driver::Fork);
    assert_eq!(settings.timeout, Some(Duration::from_millis(5)));
}

#[test]
fn what_is_said_for_a_driver_comes_before_what_is_said_for_all() {
    let environment = read(&[("CONCUR_WORKERS", "3"), ("CONCUR_THREAD_WORKERS", "5")]).unwrap();
    let mut methods = Methods { driver: Some(Driver::Thread), ..Methods::default() };
    let workers = |methods: &Methods| {
        Settings::from_sources(methods, None, &[&environment]).unwrap().workers()
    };
    assert_eq!(workers(&methods), 5);
    methods.driver = Some(Driver::Process);
    assert_eq!(workers(&methods), 3);
}

#[test]
fn a_mistake_names_the_place_the_value_and_what_is_allowed() {
    for (name, value, allowed) in [
        ("CONCUR_WORKERS", "0", "from 1"),
        ("CONCUR_WORKERS", "many", "from 1"),
        ("CONCUR_TIMEOUT", "5", "`250ms`"),
        ("CONCUR_FORK_DEADLINE", "soon", "`250ms`"),
        ("CONCUR_TASKS_PER_WORKER", "-1", "from 1"),
        ("CONCUR_ASYNC_TASKS_PER_WORKER", "0", "from 1 to 128"),
        ("CONCUR_ASYNC_TASKS_PER_WORKER", "129", "from 1 to 128"),
        ("CONCUR_ISOLATED", "maybe", "`true`"),
        ("CONCUR_NESTED_LIMIT", "0", "from 1"),
        ("CONCUR_START_LIMIT", "0s", "`250ms`"),
        ("CONCUR_DEFER_LOG_LEVEL", "loud", "`warn`"),
    ] {
        let message = read(&[(name, value)]).expect_err(name).to_string();
        for part in [name, value, allowed] {
            assert!(message.contains(part), "{message:?} should name {part:?}");
        }
    }
}

#[test]
fn an_unknown_driver_is_an_error_for_those_who_ask_for_it() {
    let environment = read(&[("CONCUR_DRIVER", "warp")]).unwrap();
    let err = Settings::from_sources(&Methods::default(), None, &[&environment])
        .expect_err("there is no such driver");
    for part in ["CONCUR_DRIVER", "warp", "`process`"] {
        assert!(err.to_string().contains(part), "{err} should name {part:?}");
    }
    let methods = Methods { driver: Some(Driver::Sync), ..Methods::default() };
    assert!(Settings::from_sources(&methods, None, &[&environment]).is_ok());
}

#[test]
fn zero_is_refused_by_methods_as_well() {
    let environment = Source::default();
    let methods = Methods { limit: Some(0), ..Methods::default() };
    let err = Settings::from_sources(&methods, None, &[&environment]).expect_err("no limit of 0");
    assert!(err.to_string().contains("`limit`"), "{err}");
}

#[test]
fn sources_come_in_their_order_and_within_each_a_driver_s_own_settings_first() {
    let with = |workers: Option<usize>, for_fork: Option<usize>| {
        let mut source = Source::default();
        source.all.workers = workers;
        source.options_mut(&Driver::Fork).workers = for_fork;
        source
    };
    let methods = Methods { driver: Some(Driver::Fork), ..Methods::default() };
    let workers = |sources: &[&Source]| {
        Settings::from_sources(&methods, None, sources).expect("all is allowed").set_workers
    };
    let (all, own, none) = (with(Some(1), None), with(Some(2), Some(3)), with(None, None));
    assert_eq!(workers(&[&none, &all, &own]), Some(1));
    assert_eq!(workers(&[&none, &own, &all]), Some(3));
    assert_eq!(workers(&[&none, &none]), None);
}

#[test]
fn every_setting_can_be_set_by_the_environment_for_all_and_for_one() {
    for known in &known::ALL {
        let value = ["7", "true", "3s", "5MiB", "fail", "warn"]
            .into_iter()
            .find(|value| known.read(value, &mut Options::default()).is_some());
        let value = value.expect(known.name);
        let name = known.name.to_ascii_uppercase();
        let all = read(&[(&format!("CONCUR_{name}"), value)]).expect(known.name);
        assert_ne!(all.all, Options::default(), "{}", known.name);
        assert!(all.per_driver.is_empty(), "{}", known.name);
        let own = read(&[(&format!("CONCUR_FORK_{name}"), value)]).expect(known.name);
        assert_eq!(own.per_driver, [(Driver::Fork, all.all)], "{}", known.name);
        assert_eq!(own.all, Options::default(), "{}", known.name);
    }
}

#[test]
fn of_two_variables_of_one_name_the_first_counts() {
    let source = read(&[("CONCUR_WORKERS", "3"), ("CONCUR_WORKERS", "4")]).expect("both are right");
    assert_eq!(source.all.workers, Some(3));
}

#[test]
fn a_slip_is_told_with_what_was_meant() {
    for (name, meant) in [
        ("CONCUR_WORKER", "CONCUR_WORKERS"),
        ("CONCUR_workers", "CONCUR_WORKERS"),
        ("CONCUR_TIME_OUT", "CONCUR_TIMEOUT"),
        ("CONCUR_DRIVERS", "CONCUR_DRIVER"),
        ("CONCUR_CONFIG_FILE", "CONCUR_CONFIG"),
        ("CONCUR_PROCES_WORKERS", "CONCUR_PROCESS_WORKERS"),
        ("CONCUR_THREAD_TIMEOUTS", "CONCUR_THREAD_TIMEOUT"),
    ] {
        assert_eq!(slips(&[(name, "1")]), [(name.to_owned(), meant.to_owned())], "{name}");
    }
}

#[test]
fn variables_of_other_programs_are_theirs() {
    let names = [
        "CONCUR_CLIENT_ID",
        "CONCUR_CLIENT_SECRET",
        "CONCUR_API_URL",
        "CONCUR_USER",
        "CONCUR_REFRESH_TOKEN",
        "CONCUR_SYNC_INTERVAL",
        "CONCUR_TEST_SCENARIO",
        "CONCUR_SERVER",
        "CONCUR_DEFER_LOG",
        "CONCURRENCY",
        "NOT_CONCUR_WORKER",
    ];
    for name in names {
        assert_eq!(slips(&[(name, "1")]), [], "{name}");
    }
}

#[test]
#[cfg(feature = "tokio")]
fn only_async_tasks_of_driver_process_share_a_worker() {
    let environment = read(&[("CONCUR_ASYNC_TASKS_PER_WORKER", "8")]).unwrap();
    let resolve =
        |methods: &Methods| Settings::from_sources(methods, None, &[&environment]).unwrap();
    let mut methods = Methods { driver: Some(Driver::Process), ..Methods::default() };
    methods.options.workers = Some(2);
    let settings = resolve(&methods);
    assert_eq!((settings.lanes(true), settings.lanes(false)), (8, 1));
    assert!(settings.has_room_beside(15, 8) && !settings.has_room_beside(16, 8));
    assert!(settings.has_room_beside(1, 1) && !settings.has_room_beside(2, 1));
    methods.options.memory_limit = Some(1 << 30);
    assert_eq!(resolve(&methods).lanes(true), 1);
    methods.options.memory_limit = None;
    methods.options.isolated = Some(true);
    assert_eq!(resolve(&methods).lanes(true), 1);
    let methods = Methods { driver: Some(Driver::Thread), ..Methods::default() };
    assert_eq!(resolve(&methods).lanes(true), 1);
}

#[test]
fn a_method_that_asks_for_too_many_at_once_is_refused() {
    for count in [0, 129] {
        let mut methods = Methods::default();
        methods.options.async_tasks_per_worker = Some(count);
        let err = Settings::from_sources(&methods, None, &[]).expect_err("it is not allowed");
        assert!(err.to_string().contains("`async_tasks_per_worker`"), "{err}");
    }
}
