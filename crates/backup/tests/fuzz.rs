//! Hostile bytes where a backup should be.

use plimsoll_backup::Backup;

#[test]
fn a_backup_is_read_or_refused() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let with_checksum = |body: &[u8]| {
            let mut text = body.to_vec();
            text.extend_from_slice(format!("crc32c {:08x}\n", crc32c::crc32c(body)).as_bytes());
            text
        };
        for text in [bytes.to_vec(), with_checksum(bytes)] {
            let Ok(backup) = Backup::decode(&text) else {
                continue;
            };
            for file in &backup.files {
                assert!(!file.path.contains("..") && !file.path.starts_with('/'));
            }
            assert_eq!(Backup::decode(backup.encode().as_bytes()).unwrap(), backup);
        }
    });
}
