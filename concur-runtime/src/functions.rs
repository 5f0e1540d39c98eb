//! Annotated functions, by name: what [`tasks`] lists, and that no two of them have one name.
//!
//! Each leaves a slot in the binary (`sys::function_registry`) that tells what its attribute says.
//! Nothing here runs a task, and blocks are not among them.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use crate::driver::Driver;
use crate::error::Error;
use crate::task::Site;
use crate::task::options::WrittenOptions;

/// A type that stands for one annotated function; made by the macro.
pub trait Annotated {
    /// What it is.
    const ABOUT: About;

    /// What its attribute says.
    fn options() -> WrittenOptions;
}

/// What the macro knows of an annotated function.
#[derive(Debug, Clone, Copy)]
pub struct About {
    pub(crate) site: Site,
    module: &'static str,
    owner: &'static str,
    is_async: bool,
    docs: &'static str,
}

impl About {
    /// `owner` is the type that a method belongs to, or nothing.
    #[must_use]
    pub const fn new(
        site: Site,
        module: &'static str,
        owner: &'static str,
        is_async: bool,
        docs: &'static str,
    ) -> Self {
        Self { site, module, owner, is_async, docs }
    }
}

/// Never called: that it is in the binary puts the function into the registry.
pub fn list<F: Annotated>() {
    #[cfg(target_os = "linux")]
    crate::sys::function_registry::leave_slot::<F>();
}

/// Tells of a function; what a slot of the registry points to.
pub(crate) type Describe = fn() -> TaskInfo;

pub(crate) fn describe<F: Annotated>() -> TaskInfo {
    let (about, written) = (F::ABOUT, F::options());
    let function = path(&about, type_name::<F>());
    TaskInfo { name: written.name.map(Cow::Borrowed), function, about, written }
}

/// An annotated function, as [`tasks`] lists it.
#[derive(Clone)]
pub struct TaskInfo {
    name: Option<Cow<'static, str>>,
    function: String,
    about: About,
    written: WrittenOptions,
}

impl TaskInfo {
    /// The name it goes by: what the option `name` says, or else the path of the function. It is the
    /// same in every build of the same source.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.function)
    }

    /// The path of the function: `shop::reports::sales`, `shop::Analyzer::growth`.
    #[must_use]
    pub fn function(&self) -> &str {
        &self.function
    }

    /// The source file that it stands in.
    #[must_use]
    pub fn file(&self) -> &'static str {
        self.about.site.file
    }

    /// The line of its name in that file, from 1.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.about.site.line
    }

    /// Its documentation without the examples; empty if there is none.
    #[must_use]
    pub fn docs(&self) -> &'static str {
        self.about.docs
    }

    /// Whether it is an `async fn`.
    #[must_use]
    pub fn is_async(&self) -> bool {
        self.about.is_async
    }

    /// The driver that its attribute names.
    #[must_use]
    pub fn driver(&self) -> Option<&Driver> {
        self.written.said.driver.as_ref()
    }

    /// The timeout of its attribute.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.written.said.options.timeout
    }

    /// The retries of its attribute.
    #[must_use]
    pub fn retries(&self) -> Option<u32> {
        self.written.said.options.retries
    }
}

impl fmt::Debug for TaskInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskInfo")
            .field("name", &self.name())
            .field("file", &self.file())
            .field("line", &self.line())
            .finish_non_exhaustive()
    }
}

/// The path of a function. The macro knows its module and the type it belongs to; a function around
/// it, in a test say, is told by the name of a type that was declared in it. Where that has another
/// form than today's, it is left out.
fn path(about: &About, type_name: &str) -> String {
    let &About { site: Site { name: function, .. }, module, owner, .. } = about;
    let around = around(about, type_name).unwrap_or_default();
    let parts = [module, around, owner, function];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("::")
}

/// `test` in `module::test::sales_task::Marker`, `module::test::Analyzer::growth_task::Marker` and
/// `module::test::<impl module::Analyzer>::growth_task::Marker`.
fn around<'a>(about: &About, type_name: &'a str) -> Option<&'a str> {
    let inner = type_name.strip_prefix(about.module)?.strip_prefix("::")?;
    let (inner, _marker) = inner.rsplit_once("::")?;
    let inner = inner.strip_suffix("_task")?.strip_suffix(about.site.name)?;
    let inner = inner.strip_suffix("::").unwrap_or_default();
    if about.owner.is_empty() {
        return Some(inner);
    }
    let inner = inner.split('<').next()?;
    let without_impl = inner.strip_suffix("::");
    Some(without_impl.unwrap_or_else(|| inner.rsplit_once("::").map_or("", |(around, _)| around)))
}

/// All annotated functions of this program, sorted by name: those of its libraries too.
///
/// A function with `#[concurrent]` is listed, and a method that carries it in an `impl` block that
/// carries it as well; no code runs before `main` for it. Tasks of blocks are not listed. A library
/// is part of a program if anything of it is used, or `extern crate` names it.
///
/// Two functions may not have one name: it is an error of the kind
/// [`Config`](crate::ErrorKind::Config), which names both places, to run a task of either. (Two
/// versions of one library may be in a program: their functions are called alike, and run.) Here both
/// are listed. The list is empty on systems other than Linux.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use concur::attr::concurrent;
///
/// /// Adds up.
/// #[concurrent(name = "totals", timeout = "30s")]
/// fn total(prices: &[u64]) -> u64 {
///     prices.iter().sum()
/// }
///
/// let tasks = concur::tasks();
/// let total = tasks.iter().find(|task| task.name() == "totals").unwrap();
/// assert!(total.function().ends_with("::total"));
/// assert_eq!((total.timeout(), total.retries()), (Some(Duration::from_secs(30)), None));
/// assert_eq!(total.docs(), "Adds up.");
/// ```
#[must_use]
pub fn tasks() -> Vec<TaskInfo> {
    #[cfg(target_os = "linux")]
    let mut tasks: Vec<TaskInfo> =
        crate::sys::function_registry::slots().map(|describe| describe()).collect();
    #[cfg(not(target_os = "linux"))]
    let mut tasks: Vec<TaskInfo> = Vec::new();
    tasks.sort_by(|a, b| a.key().cmp(&b.key()));
    // The same function is in a program twice if its crate is: as the one that is tested, say, and
    // as what another one needs.
    tasks.dedup_by(|a, b| a.key() == b.key());
    tasks
}

impl TaskInfo {
    /// Whether both have one name, and somebody has written it so. The same path in two files is that of
    /// two versions of one library, about which the author of the program can do nothing.
    fn clashes_with(&self, other: &Self) -> bool {
        let is_written = self.name.is_some() || other.name.is_some();
        self.name() == other.name() && (is_written || self.file() == other.file())
    }

    fn key(&self) -> (&str, &str, u32, &str) {
        (self.name(), self.file(), self.line(), self.function())
    }
}

/// An error if another function has the name of this one. Asked when a task of it is run.
pub(crate) fn check_name(describe: Describe) -> Result<(), Error> {
    static NAMED_TWICE: OnceLock<Vec<[TaskInfo; 2]>> = OnceLock::new();
    let named_twice = NAMED_TWICE.get_or_init(|| {
        let tasks = tasks();
        let clashes = |pair: &&[TaskInfo]| pair[0].clashes_with(&pair[1]);
        let pairs = tasks.windows(2).filter(clashes);
        pairs.map(|pair| [pair[0].clone(), pair[1].clone()]).collect()
    });
    if named_twice.is_empty() {
        return Ok(());
    }
    let info = describe();
    match named_twice.iter().find(|[first, _]| first.name() == info.name()) {
        None => Ok(()),
        Some([first, second]) => Err(Error::config(format!(
            "two functions are both the task `{}`, the one at {}:{} and the one at {}:{}: write \
             `#[concurrent(name = \"...\")]` on one of them",
            info.name(),
            first.file(),
            first.line(),
            second.file(),
            second.line(),
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(name: Option<&'static str>, file: &'static str) -> TaskInfo {
        let site = Site { name: "sales", file, line: 7, function: None };
        let about = About::new(site, "shop", "", false, "");
        let (function, written) = ("shop::sales".to_owned(), WrittenOptions::default());
        TaskInfo { name: name.map(Cow::Borrowed), function, about, written }
    }

    #[test]
    fn two_versions_of_a_library_do_not_clash() {
        let [old, new] = ["shop-1/src/lib.rs", "shop-2/src/lib.rs"].map(|file| info(None, file));
        assert_eq!(old.name(), new.name());
        assert!(!old.clashes_with(&new));
        assert!(old.clashes_with(&old));
    }

    #[test]
    fn a_name_that_was_written_clashes() {
        let [one, other] = ["one.rs", "other.rs"].map(|file| info(Some("sales"), file));
        assert!(one.clashes_with(&other));
        assert!(info(Some("shop::sales"), "one.rs").clashes_with(&info(None, "other.rs")));
        assert!(!one.clashes_with(&info(Some("growth"), "other.rs")));
    }
}
