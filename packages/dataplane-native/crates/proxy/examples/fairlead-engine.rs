//! The engine without Node, for profiling: `fairlead-engine CONFIG.json [workers]` serves until it is killed.

use std::{io::Write, process::ExitCode, time::Duration};

use proxy::{Bootstrap, Proxy, Severity};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        let _ = writeln!(std::io::stderr(), "usage: fairlead-engine CONFIG.json [workers]");
        return ExitCode::from(2);
    };
    let workers = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1);
    let bootstrap = Bootstrap {
        workers,
        ..Bootstrap::default()
    };
    let result = std::fs::read_to_string(&path)
        .map_err(|error| error.to_string())
        .and_then(|json| {
            let proxy = Proxy::start(bootstrap, Box::new(|_| {})).map_err(|error| error.to_string())?;
            let problems = proxy.apply_config(&json);
            for problem in &problems {
                let _ = writeln!(
                    std::io::stderr(),
                    "{} {}: {}",
                    problem.name,
                    problem.path,
                    problem.message
                );
            }
            if problems.iter().any(|problem| problem.severity == Severity::Error) {
                return Err("the configuration is refused".to_owned());
            }
            loop {
                std::thread::sleep(Duration::from_secs(3600));
            }
        });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let error: String = error;
            let _ = writeln!(std::io::stderr(), "{path}: {error}");
            ExitCode::FAILURE
        }
    }
}
