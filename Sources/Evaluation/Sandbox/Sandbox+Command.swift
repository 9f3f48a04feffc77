import Foundation

extension Sandbox {
    func command(_ scratch: Scratch) -> ChildProcess {
        let words =
            switch isolation {
            case .bubblewrap(let path): bubblewrap(path, scratch)
            case .namespaces: namespaces(scratch)
            case .none: interpreter(scratch.program)
            }
        let environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8"]
        return ChildProcess(
            executable: words[0], arguments: Array(words.dropFirst()), environment: environment)
    }

    /// The interpreter under its limits, deaf to the environment and to whatever lies beside the program.
    private func interpreter(_ program: String) -> [String] {
        [
            Self.tool("prlimit") ?? "prlimit", "--cpu=\(limits.processorSeconds):\(limits.processorSeconds + 1)",
            "--as=\(limits.memory)", "--fsize=\(limits.fileSize)", "--nproc=\(limits.processes)", "--nofile=64",
            "--core=0", "--", python, "-I", "-B", program,
        ]
    }

    /// The system's own folders that a program may see, beside /usr.
    private static let systemFolders = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"]

    private static let devices = ["null", "zero", "random", "urandom"]

    /// The kernel counts no process of root's, so that a program of root's would know no limit to them: it runs as a user
    /// that nobody is, in the range that systemd leaves to such users.
    private var stranger: [String] {
        let user = 61184 + Int(UUID().uuid.0) * 16 + Int(UUID().uuid.1 % 16)
        return geteuid() == 0 ? ["--reuid=\(user)", "--regid=\(user)", "--clear-groups"] : []
    }

    private func bubblewrap(_ path: String, _ scratch: Scratch) -> [String] {
        var words = geteuid() == 0 ? [Self.tool("setpriv") ?? "setpriv"] + stranger + ["--"] : []
        words += [path, "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
        words += ["--cap-drop", "ALL", "--clearenv", "--ro-bind", "/usr", "/usr"]
        for name in Self.systemFolders {
            if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/\(name)") {
                words += ["--symlink", target, "/\(name)"]
            } else {
                words += ["--ro-bind-try", "/\(name)", "/\(name)"]
            }
        }
        words += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
        for name in Self.devices { words += ["--dev-bind", "/dev/\(name)", "/dev/\(name)"] }
        words += ["--size", "\(limits.storage)", "--tmpfs", "/tmp", "--ro-bind", scratch.program, "/program.py"]
        for (name, value) in [("PATH", "/usr/bin:/bin"), ("HOME", "/tmp"), ("LANG", "C.UTF-8")] {
            words += ["--setenv", name, value]
        }
        return words + ["--remount-ro", "/", "--chdir", "/tmp", "--"] + interpreter("/program.py")
    }

    private func namespaces(_ scratch: Scratch) -> [String] {
        var words = [Self.tool("unshare") ?? "unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork"]
        words += ["--kill-child=KILL"] + (geteuid() == 0 ? [] : ["--user", "--map-root-user"])
        let privileges =
            [Self.tool("setpriv") ?? "setpriv"] + stranger
            + ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--"]
        let seconds = limits.time.components.seconds + 2
        words += ["--", "/bin/sh", "-c", Self.script, "sh", scratch.root, scratch.program, "\(limits.storage)"]
        return words + ["timeout", "--foreground", "-s", "KILL", "\(seconds)"] + privileges + interpreter("/program.py")
    }

    /// Makes the file system that a program sees and runs it there. Arguments: where to build, the program's file, the bytes
    /// of /tmp, and the command.
    ///
    /// The shell stays the first process of its namespace: with it all others end, and it alone keeps the signal that comes
    /// with its parent's death, which changing users would clear.
    private static let script = """
        set -eu
        root=$1 program=$2 storage=$3
        shift 3
        mount -t tmpfs -o size=1m,mode=755,nosuid,nodev sandbox "$root"
        cd "$root"
        readonly_bind() {
            mount --rbind "$1" "$2"
            mount -o remount,bind,ro,nosuid,nodev "$2"
        }
        mkdir usr dev etc tmp old proc
        readonly_bind /usr usr
        for name in \(systemFolders.joined(separator: " ")); do
            if [ -h "/$name" ]; then
                ln -s "$(readlink "/$name")" "$name"
            elif [ -d "/$name" ]; then
                mkdir "$name"
                readonly_bind "/$name" "$name"
            fi
        done
        for name in \(devices.joined(separator: " ")); do
            : > "dev/$name"
            mount --bind "/dev/$name" "dev/$name"
        done
        if [ -f /etc/ld.so.cache ]; then
            : > etc/ld.so.cache
            readonly_bind /etc/ld.so.cache etc/ld.so.cache
        fi
        : > program.py
        readonly_bind "$program" program.py
        mount -t tmpfs -o "size=$storage,nr_inodes=4096,mode=1777,nosuid,nodev" sandbox tmp
        mount -t proc proc proc
        pivot_root . old
        cd /tmp
        umount -l /old
        umount /proc
        rmdir /old /proc
        mount -o remount,bind,ro,nosuid,nodev /
        status=0
        "$@" || status=$?
        exit "$status"
        """
}
