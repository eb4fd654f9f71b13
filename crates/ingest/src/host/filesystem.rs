//! Space and inodes per mounted file system.

use std::path::PathBuf;
use std::sync::LazyLock;

use regex::Regex;

use super::Collector;
use super::error::Error;
use super::exposition::{Exposition, Family};
use super::source::Host;

/// Mounts exposed at most, after the patterns below; each may cost a thread (see `mounts`).
const MOUNTS_MAX: usize = 1024;

const SIZE: Family<'_> = Family::gauge(
    "node_filesystem_size_bytes",
    "Size of a file system, in bytes.",
);
const FREE: Family<'_> = Family::gauge(
    "node_filesystem_free_bytes",
    "Space not in use, in bytes, with what is kept for root.",
);
const AVAILABLE: Family<'_> = Family::gauge(
    "node_filesystem_avail_bytes",
    "Space that users other than root may still take, in bytes.",
);
const FILES: Family<'_> = Family::gauge("node_filesystem_files", "Inodes, in use or not.");
const FILES_FREE: Family<'_> = Family::gauge("node_filesystem_files_free", "Inodes not in use.");
const READ_ONLY: Family<'_> = Family::gauge(
    "node_filesystem_readonly",
    "Whether a file system is mounted read-only (1) or not (0).",
);
const DEVICE_ERROR: Family<'_> = Family::gauge(
    "node_filesystem_device_error",
    "Whether a file system failed to tell its size, or to do so in time (1), or not (0).",
);

/// node_exporter's default `--collector.filesystem.mount-points-exclude`.
static EXCLUDED_MOUNTS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        "^/(dev|proc|run|sys|mnt|media|var/lib/docker/.+",
        "|var/lib/containers/storage/.+)($|/)",
    ))
    .expect("a constant pattern is valid")
});

/// node_exporter's default `--collector.filesystem.fs-types-exclude`: file systems without space.
const EXCLUDED_TYPES: [&str; 24] = [
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "fusectl",
    "hugetlbfs",
    "iso9660",
    "mqueue",
    "nsfs",
    "overlay",
    "proc",
    "procfs",
    "pstore",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "squashfs",
    "sysfs",
    "tracefs",
];

/// Exposes space and inodes per file system.
#[derive(Debug)]
pub(super) struct Filesystems;

impl Collector for Filesystems {
    fn name(&self) -> &'static str {
        "filesystem"
    }

    fn collect(&self, host: &Host, out: &mut Exposition) -> Result<(), Error> {
        // The mounts of the first process are those of the host, also for a process that was put
        // into a mount namespace of its own. It hides them from others under `hidepid`.
        let text = host
            .read_proc("1/mounts")
            .or_else(|_| host.read_proc("mounts"))?;
        let mut mounts = parse_mounts(&text)?;
        let is_cut = mounts.len() > MOUNTS_MAX;
        mounts.truncate(MOUNTS_MAX);
        let paths = mounts.iter().map(|mount| PathBuf::from(&mount.mount_point));
        let spaces = host.mounts.probe(paths);
        for mount in &mounts {
            let labels = [
                ("device", mount.device),
                ("fstype", mount.kind),
                ("mountpoint", &*mount.mount_point),
            ];
            let Some(space) = spaces.get(&PathBuf::from(&mount.mount_point)) else {
                out.add(&DEVICE_ERROR, &labels, 1.0);
                continue;
            };
            out.add(&DEVICE_ERROR, &labels, 0.0);
            out.add(&SIZE, &labels, space.size_bytes);
            out.add(&FREE, &labels, space.free_bytes);
            out.add(&AVAILABLE, &labels, space.available_bytes);
            out.add(&FILES, &labels, space.files);
            out.add(&FILES_FREE, &labels, space.files_free);
            out.add(
                &READ_ONLY,
                &labels,
                if mount.is_read_only { 1.0 } else { 0.0 },
            );
        }
        if is_cut {
            return Err(Error::limit("mounts", MOUNTS_MAX));
        }
        Ok(())
    }
}

/// A mounted file system.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mount<'a> {
    device: &'a str,
    mount_point: String,
    kind: &'a str,
    is_read_only: bool,
}

/// Parses `device mount-point type options 0 0` and returns the mounts that the default patterns
/// leave.
pub(super) fn parse_mounts(text: &str) -> Result<Vec<Mount<'_>>, Error> {
    let mut mounts = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut words = line.split(' ');
        let fields = (words.next(), words.next(), words.next(), words.next());
        let (Some(device), Some(mount_point), Some(kind), Some(options)) = fields else {
            return Err(Error::malformed(
                "device, mount point, type and options",
                index + 1,
            ));
        };
        let mount_point = unescape(mount_point);
        if EXCLUDED_MOUNTS.is_match(&mount_point) || EXCLUDED_TYPES.contains(&kind) {
            continue;
        }
        mounts.push(Mount {
            device,
            mount_point,
            kind,
            is_read_only: options.split(',').any(|option| option == "ro"),
        });
    }
    Ok(mounts)
}

/// The octal forms in which the kernel prints characters that would end a field or a line.
const ESCAPES: [(&str, char); 5] = [
    ("\\040", ' '),
    ("\\011", '\t'),
    ("\\012", '\n'),
    ("\\043", '#'),
    ("\\134", '\\'),
];

/// Undoes the kernel's escapes. node_exporter leaves a line feed and a backslash as they are, and
/// then asks a path that does not exist.
fn unescape(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut rest = field;
    while let Some(position) = rest.find('\\') {
        text.push_str(&rest[..position]);
        rest = &rest[position..];
        let known = ESCAPES
            .iter()
            .find_map(|(escape, c)| Some((rest.strip_prefix(escape)?, *c)));
        let (after, c) = known.unwrap_or((&rest[1..], '\\'));
        text.push(c);
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoes_the_escapes_of_the_kernel() {
        for (field, wanted) in [
            ("/a", "/a"),
            ("/a\\040b\\011c", "/a b\tc"),
            ("/a\\134040", "/a\\040"),
            ("/a\\012\\043", "/a\n#"),
            ("\\", "\\"),
            ("/\\09\u{fffd}", "/\\09\u{fffd}"),
        ] {
            assert_eq!(unescape(field), wanted, "{field}");
        }
    }

    #[test]
    fn leaves_out_what_has_no_space() {
        for (line, is_kept) in [
            ("/dev/sda / ext4 rw 0 0", true),
            ("/dev/sda /mnt ext4 rw 0 0", false),
            ("/dev/sda /mnt/x ext4 rw 0 0", false),
            ("/dev/sda /mntx ext4 rw 0 0", true),
            ("x /var/lib/docker/overlay2/a ext4 rw 0 0", false),
            ("x /var/lib/docker ext4 rw 0 0", true),
            ("overlay / overlay rw 0 0", false),
            ("cgroup2 /cg cgroup2 rw 0 0", false),
            ("tmpfs /srv tmpfs rw 0 0", true),
            ("server:/x /home nfs4 rw 0 0", true),
        ] {
            assert_eq!(
                parse_mounts(line).unwrap().len(),
                usize::from(is_kept),
                "{line}"
            );
        }
    }

    #[test]
    fn reads_the_options() {
        let mounts =
            parse_mounts("d /a x noatime,ro 0 0\nd /b x rw,errors=remount-ro 0 0\n").unwrap();
        let read_only: Vec<bool> = mounts.iter().map(|mount| mount.is_read_only).collect();
        assert_eq!(read_only, [true, false]);
    }

    #[test]
    fn refuses_lines_with_too_few_fields() {
        for hostile in ["\n", "/dev/sda", "/dev/sda /", "/dev/sda / ext4"] {
            assert!(parse_mounts(hostile).is_err(), "{hostile}");
        }
    }
}
