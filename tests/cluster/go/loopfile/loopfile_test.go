// Copyright (c) 2026, the arkive.k8s contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var ctx = context.Background()

// TestMain runs the tests in a mount namespace of their own: mounts of the machine's are copied into every namespace that
// someone makes meanwhile, and stay in use there.
func TestMain(m *testing.M) {
	if os.Getuid() == 0 && os.Getenv("LOOPFILE_UNSHARED") == "" {
		os.Setenv("LOOPFILE_UNSHARED", "1")
		path, err := exec.LookPath("unshare")
		if err == nil {
			err = unix.Exec(path, append([]string{path, "--mount", "--propagation", "private", "--"}, os.Args...), os.Environ())
		}
		panic(err)
	}
	os.Exit(m.Run())
}

// lab is a driver on a scratch directory; its volumes and mounts go with the test.
type lab struct {
	*testing.T
	*driver
	root string
}

func newLab(t *testing.T, pool string) *lab {
	if os.Getuid() != 0 {
		t.Skip("needs root: loop devices and mounts")
	}
	root, err := os.MkdirTemp(os.Getenv("LOOPFILE_TEST_DIR"), "loopfile-")
	if err != nil {
		t.Fatal(err)
	}
	d := &driver{name: "loopfile.csi.test", node: "n1", thawAtUnstage: true}
	if d.dir, err = openDir(filepath.Join(root, "data"), pool); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		out, _ := run("findmnt", "-rn", "-o", "TARGET")
		at := strings.Fields(out)
		for i := len(at) - 1; i >= 0; i-- {
			if strings.HasPrefix(at[i], root+"/") {
				unmount(at[i])
			}
		}
		if pool == "" || !mounted(d.dir) {
			os.RemoveAll(root)
		}
	})
	return &lab{t, d, root}
}

func (l *lab) ok(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

func mount(fsType string) *csi.VolumeCapability {
	return &csi.VolumeCapability{AccessMode: &csi.VolumeCapability_AccessMode{Mode: csi.VolumeCapability_AccessMode_SINGLE_NODE_WRITER},
		AccessType: &csi.VolumeCapability_Mount{Mount: &csi.VolumeCapability_MountVolume{FsType: fsType}}}
}

func fromSnap(id string) *csi.VolumeContentSource {
	return &csi.VolumeContentSource{Type: &csi.VolumeContentSource_Snapshot{Snapshot: &csi.VolumeContentSource_SnapshotSource{SnapshotId: id}}}
}

func (l *lab) create(name, fsType string, size int64, src *csi.VolumeContentSource) string {
	l.Helper()
	r, err := l.CreateVolume(ctx, &csi.CreateVolumeRequest{Name: name, VolumeCapabilities: []*csi.VolumeCapability{mount(fsType)},
		CapacityRange: &csi.CapacityRange{RequiredBytes: size}, VolumeContentSource: src})
	l.ok(err)
	return r.Volume.VolumeId
}

// stage mounts a volume and returns where.
func (l *lab) stage(id, fsType string) string {
	l.Helper()
	at := filepath.Join(l.root, "stage", id)
	_, err := l.NodeStageVolume(ctx, &csi.NodeStageVolumeRequest{VolumeId: id, StagingTargetPath: at, VolumeCapability: mount(fsType)})
	l.ok(err)
	return at
}

func (l *lab) unstage(id string) {
	l.Helper()
	_, err := l.NodeUnstageVolume(ctx, &csi.NodeUnstageVolumeRequest{VolumeId: id, StagingTargetPath: filepath.Join(l.root, "stage", id)})
	l.ok(err)
}

func (l *lab) snap(name, vol string, params map[string]string) string {
	l.Helper()
	r, err := l.CreateSnapshot(ctx, &csi.CreateSnapshotRequest{Name: name, SourceVolumeId: vol, Parameters: params})
	l.ok(err)
	return r.Snapshot.SnapshotId
}

func (l *lab) restore(name, snap, fsType string) (id, at string) {
	l.Helper()
	id = l.create(name, fsType, 0, fromSnap(snap))
	return id, l.stage(id, fsType)
}

// check unmounts a volume and lets the checker of its file system find nothing to repair.
func (l *lab) check(id, fsType string) {
	l.Helper()
	l.unstage(id)
	_, err := run(map[string]string{"ext4": "e2fsck", "xfs": "xfs_repair"}[fsType], map[string]string{"ext4": "-fn", "xfs": "-n"}[fsType], l.img(id))
	l.ok(err)
}

func device(l *lab, path string) uint64 {
	var s unix.Stat_t
	l.ok(unix.Stat(path, &s))
	return s.Dev
}

// freeze freezes the file system at a path, which must be a volume's own; a watchdog thaws it.
func (l *lab) freeze(at string) (thaw func() error) {
	l.Helper()
	if dev := device(l, at); dev == device(l, "/") || dev == device(l, l.dir) || dev == device(l, os.TempDir()) {
		l.Fatalf("%s is not a file system of its own", at)
	}
	ioctl := func(what uint) error {
		fd, err := unix.Open(at, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			defer unix.Close(fd)
			err = unix.IoctlSetInt(fd, what, 0)
		}
		return err
	}
	watchdog := time.AfterFunc(20*time.Second, func() { ioctl(fithaw) })
	l.Cleanup(func() { ioctl(fithaw) })
	l.ok(ioctl(fifreeze))
	return func() error { watchdog.Stop(); return ioctl(fithaw) }
}

func each(t *testing.T, f func(l *lab, fsType string)) {
	for _, pool := range []string{"", "8G"} {
		for _, fsType := range []string{"ext4", "xfs"} {
			t.Run(fmt.Sprintf("%s pool=%s", fsType, pool), func(t *testing.T) { f(newLab(t, pool), fsType) })
		}
	}
}

func TestFreeze(t *testing.T) {
	data := bytes.Repeat([]byte("loopfile"), 1<<17)
	each(t, func(l *lab, fsType string) {
		vol := l.create("source", fsType, 1<<30, nil)
		at := l.stage(vol, fsType)
		l.ok(exec.Command("sync", "-f", at).Run())

		l.ok(os.WriteFile(filepath.Join(at, "unsynced"), data, 0o600))
		s1 := l.snap("s1", vol, nil)
		v1, at1 := l.restore("r1", s1, fsType)
		if b, err := os.ReadFile(filepath.Join(at1, "unsynced")); bytes.Equal(b, data) {
			l.Error("the snapshot has what was only in the page cache")
		} else {
			l.Logf("not frozen: %d of %d bytes, %v", len(b), len(data), err)
		}

		l.ok(os.WriteFile(filepath.Join(at, "frozen"), data, 0o600))
		thaw := l.freeze(at)
		start := time.Now()
		s2 := l.snap("s2", vol, nil)
		took := time.Since(start)
		v3 := l.create("clone", fsType, 0, &csi.VolumeContentSource{Type: &csi.VolumeContentSource_Volume{
			Volume: &csi.VolumeContentSource_VolumeSource{VolumeId: vol}}})
		_, err := l.NodeGetVolumeStats(ctx, &csi.NodeGetVolumeStatsRequest{VolumeId: vol, VolumePath: at})
		l.ok(err)
		l.ok(thaw())
		l.Logf("snapshot while frozen: %v", took)
		if fsType == "ext4" {
			_, err := run("e2fsck", "-fn", l.img(s2)) // clean as it is, with nothing to replay
			l.ok(err)
		}
		v2, at2 := l.restore("r2", s2, fsType)
		for _, r := range []string{at2, l.stage(v3, fsType)} {
			for _, f := range []string{"unsynced", "frozen"} {
				if b, err := os.ReadFile(filepath.Join(r, f)); !bytes.Equal(b, data) {
					l.Errorf("%s: %d of %d bytes, %v", f, len(b), len(data), err)
				}
			}
		}
		for _, v := range []string{v1, v2, v3, vol} {
			l.check(v, fsType)
			_, err := l.DeleteVolume(ctx, &csi.DeleteVolumeRequest{VolumeId: v})
			l.ok(err)
		}
	})
}

// A volume that was left frozen can still be unmounted and deleted.
func TestLeftFrozen(t *testing.T) {
	each(t, func(l *lab, fsType string) {
		vol := l.create("v", fsType, 1<<30, nil)
		l.freeze(l.stage(vol, fsType))
		if _, err := l.DeleteVolume(ctx, &csi.DeleteVolumeRequest{VolumeId: vol}); status.Code(err) != codes.FailedPrecondition {
			l.Error("deleted while in use:", err)
		}
		l.check(vol, fsType)
		_, err := l.DeleteVolume(ctx, &csi.DeleteVolumeRequest{VolumeId: vol})
		l.ok(err)
	})
}

// A volume that was left frozen stays so when the driver is not to thaw it: over its unmounting, until somebody does.
func TestLeftFrozenAsItIs(t *testing.T) {
	each(t, func(l *lab, fsType string) {
		l.thawAtUnstage = false
		vol := l.create("v", fsType, 1<<30, nil)
		l.freeze(l.stage(vol, fsType))
		l.unstage(vol)
		if _, err := l.DeleteVolume(ctx, &csi.DeleteVolumeRequest{VolumeId: vol}); status.Code(err) != codes.FailedPrecondition {
			l.Error("deleted while frozen:", err)
		}
		fd, err := unix.Open(l.stage(vol, fsType), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		l.ok(err)
		if err := unix.IoctlSetInt(fd, fifreeze, 0); err != unix.EBUSY {
			l.Error("frozen once more:", err)
		}
		l.ok(unix.IoctlSetInt(fd, fithaw, 0))
		unix.Close(fd)
		l.check(vol, fsType)
	})
}

// Snapshots under a writer that syncs record i of file a before it writes record i of file b.
func TestWriteOrder(t *testing.T) {
	each(t, func(l *lab, fsType string) {
		vol := l.create("v", fsType, 1<<30, nil)
		at := l.stage(vol, fsType)
		stop := make(chan bool)
		var wg sync.WaitGroup
		wg.Add(1)
		go func() {
			defer wg.Done()
			a, _ := os.Create(filepath.Join(at, "a"))
			b, _ := os.Create(filepath.Join(at, "b"))
			for i := 0; ; i++ {
				select {
				case <-stop:
					a.Close()
					b.Close()
					return
				default:
				}
				for _, f := range []*os.File{a, b} {
					fmt.Fprintf(f, "%01023d\n", i)
					f.Sync()
				}
			}
		}()
		time.Sleep(200 * time.Millisecond)
		var log []string
		for i := range map[bool]int{true: 8, false: 2}[strings.HasSuffix(l.dir, "/pool")] {
			name := fmt.Sprint("s", i)
			r, err := l.CreateSnapshot(ctx, &csi.CreateSnapshotRequest{Name: name, SourceVolumeId: vol})
			if status.Code(err) == codes.Aborted && !strings.HasSuffix(l.dir, "/pool") {
				log = append(log, "refused")
				continue
			}
			l.ok(err)
			id, at := l.restore("r"+name, r.Snapshot.SnapshotId, fsType)
			var n [2]int64
			for j, f := range []string{"a", "b"} {
				st, err := os.Stat(filepath.Join(at, f))
				l.ok(err)
				n[j] = st.Size() / 1024
			}
			if n[0] != n[1] && n[0] != n[1]+1 {
				l.Errorf("%s: %d records, then %d", name, n[0], n[1])
			}
			log = append(log, fmt.Sprintf("%d/%d", n[0], n[1]))
			l.check(id, fsType)
		}
		l.Log(log)
		close(stop)
		wg.Wait()
		l.check(vol, fsType)
	})
}

func TestKnobs(t *testing.T) {
	l := newLab(t, "")
	vol := l.create("v", "ext4", 64<<20, nil)
	start := time.Now()
	id := l.snap("late", vol, map[string]string{"snapshotDelay": "300ms", "snapshotReadyDelay": "300ms"})
	if took := time.Since(start); took < 300*time.Millisecond {
		t.Error("handle after", took)
	}
	ready := func() bool {
		r, err := l.ListSnapshots(ctx, &csi.ListSnapshotsRequest{SnapshotId: id})
		l.ok(err)
		return r.Entries[0].Snapshot.ReadyToUse
	}
	if ready() {
		t.Error("ready with the handle")
	}
	time.Sleep(350 * time.Millisecond)
	if !ready() {
		t.Error("not ready")
	}
	if _, err := l.CreateSnapshot(ctx, &csi.CreateSnapshotRequest{Name: "no", SourceVolumeId: vol, Parameters: map[string]string{"snapshotFail": "true"}}); status.Code(err) != codes.Internal {
		t.Error("snapshotFail:", err)
	}
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := l.CreateSnapshot(short, &csi.CreateSnapshotRequest{Name: "slow", SourceVolumeId: vol, Parameters: map[string]string{"snapshotDelay": "1h"}}); status.Code(err) != codes.DeadlineExceeded {
		t.Error("deadline:", err)
	}
}

func TestExpand(t *testing.T) {
	each(t, func(l *lab, fsType string) {
		size := func(at string) int64 {
			var s unix.Statfs_t
			l.ok(unix.Statfs(at, &s))
			return int64(s.Blocks) * s.Bsize
		}
		vol := l.create("v", fsType, 512<<20, nil)
		at := l.stage(vol, fsType)
		s := l.snap("s", vol, nil)
		before := size(at)
		_, err := l.ControllerExpandVolume(ctx, &csi.ControllerExpandVolumeRequest{VolumeId: vol, CapacityRange: &csi.CapacityRange{RequiredBytes: 1 << 30}})
		l.ok(err)
		if _, err = l.NodeExpandVolume(ctx, &csi.NodeExpandVolumeRequest{VolumeId: vol, VolumePath: at}); err != nil && strings.Contains(err.Error(), "Permission denied") {
			l.Log("no CAP_SYS_RESOURCE: an ext4 grows when it is staged next")
			l.unstage(vol)
			l.stage(vol, fsType)
		} else {
			l.ok(err)
		}
		bigger := l.create("bigger", fsType, 1<<30, fromSnap(s))
		if after, copied := size(at), size(l.stage(bigger, fsType)); after < before*19/10 || copied < before*19/10 {
			l.Errorf("%d, expanded %d, larger copy %d", before, after, copied)
		}
		l.check(vol, fsType)
		l.check(bigger, fsType)
	})
}

func TestGroup(t *testing.T) {
	l := newLab(t, "4G")
	vols := []string{l.create("a", "ext4", 64<<20, nil), l.create("b", "xfs", 300<<20, nil)}
	for i, f := range []string{"ext4", "xfs"} {
		l.stage(vols[i], f)
	}
	g, err := l.CreateVolumeGroupSnapshot(ctx, &csi.CreateVolumeGroupSnapshotRequest{Name: "g", SourceVolumeIds: vols})
	l.ok(err)
	again, err := l.CreateVolumeGroupSnapshot(ctx, &csi.CreateVolumeGroupSnapshotRequest{Name: "g", SourceVolumeIds: vols})
	l.ok(err)
	if len(g.GroupSnapshot.Snapshots) != 2 || g.GroupSnapshot.String() != again.GroupSnapshot.String() {
		t.Error(g, again)
	}
	for _, s := range g.GroupSnapshot.Snapshots {
		if s.GroupSnapshotId != g.GroupSnapshot.GroupSnapshotId {
			t.Error(s)
		}
	}
	_, err = l.DeleteVolumeGroupSnapshot(ctx, &csi.DeleteVolumeGroupSnapshotRequest{GroupSnapshotId: g.GroupSnapshot.GroupSnapshotId})
	l.ok(err)
	if r, err := l.ListSnapshots(ctx, &csi.ListSnapshotsRequest{}); err != nil || len(r.Entries) > 0 {
		t.Error(r, err)
	}
}

// TestTimings prints what each step takes for a 1 GiB volume with some data.
func TestTimings(t *testing.T) {
	each(t, func(l *lab, fsType string) {
		for _, mb := range []int{0, 100, 500} {
			var log []string
			step := func(what string, f func()) {
				start := time.Now()
				f()
				log = append(log, fmt.Sprintf("%s %.0f", what, float64(time.Since(start).Microseconds())/1000))
			}
			var vol, at, s, r string
			n := fmt.Sprint(mb)
			step("create", func() { vol = l.create("v"+n, fsType, 1<<30, nil) })
			step("stage+format", func() { at = l.stage(vol, fsType) })
			l.ok(exec.Command("dd", "if=/dev/urandom", "of="+filepath.Join(at, "f"), "bs=1M", "count="+n, "conv=fsync", "status=none").Run())
			step("snapshot", func() { s = l.snap("s"+n, vol, nil) })
			step("again", func() { l.snap("t"+n, vol, nil) })
			step("restore", func() { r = l.create("r"+n, fsType, 0, fromSnap(s)) })
			step("stage", func() { l.stage(r, fsType) })
			step("unstage", func() { l.unstage(r) })
			l.unstage(vol)
			l.Logf("%d MB, ms: %s", mb, strings.Join(log, ", "))
		}
	})
}
