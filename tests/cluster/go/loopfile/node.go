// Copyright (c) 2026, the arkive.k8s contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	fifreeze = 0xC0045877
	fithaw   = 0xC0045878
)

// loops returns the loop devices of an image.
func loops(img string) ([]string, error) {
	out, err := run("losetup", "--noheadings", "--output", "NAME", "--associated", img)
	return strings.Fields(out), err
}

func attach(img string) (string, error) {
	if devs, err := loops(img); err != nil || len(devs) > 0 {
		return strings.Join(devs[:min(1, len(devs))], ""), err
	}
	return run("losetup", "--find", "--show", img)
}

// detach lets the loop devices of an image go, those in use with their last user.
func detach(img string) error {
	devs, err := loops(img)
	for _, dev := range devs {
		if _, err := run("losetup", "--detach", dev); err != nil {
			return err
		}
	}
	return err
}

func mounted(path string) bool {
	return exec.Command("findmnt", "-n", "--mountpoint", path).Run() == nil
}

// mounts returns where a loop device, or the file system on it, is mounted.
func mounts(dev string) (at []string) {
	out, _ := run("findmnt", "-rn", "-o", "SOURCE,TARGET")
	for _, l := range strings.Split(out, "\n") {
		f := strings.Fields(l)
		if len(f) == 2 && (f[0] == dev || strings.HasSuffix(f[0], "[/"+filepath.Base(dev)+"]")) {
			at = append(at, f[1])
		}
	}
	return at
}

func unmount(path string) error {
	for mounted(path) {
		if _, err := run("umount", path); err != nil {
			return err
		}
	}
	return nil
}

// format makes a file system on an empty disk. On the file, not on the device: so mkfs knows that it reads as zeroes, and
// the kernel does not write out inode tables later on.
func format(img, fsType string) (done bool, err error) {
	_, err = exec.Command("blkid", "-p", img).Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 { // 2: it knows nothing that is on it
		return false, err
	}
	if fsType == "xfs" {
		_, err = run("mkfs.xfs", "-q", img)
	} else {
		_, err = run("mkfs.ext4", "-q", "-F", "-m", "0", img)
	}
	return true, err
}

// growOffline makes an ext4 as large as its image. To do that while it is mounted takes CAP_SYS_RESOURCE, which not every
// node has. The check replays the journal first, as resize2fs wants it.
func growOffline(img string) error {
	f, err := os.Open(img)
	if err != nil {
		return err
	}
	defer f.Close()
	var super [32]byte
	if _, err := f.ReadAt(super[:], 1024); err != nil {
		return err
	}
	st, err := f.Stat()
	size := int64(binary.LittleEndian.Uint32(super[4:])) << (10 + binary.LittleEndian.Uint32(super[24:]))
	if devs, e := loops(img); err != nil || e != nil || len(devs) > 0 || size >= st.Size() {
		return errors.Join(err, e)
	}
	var exit *exec.ExitError
	if out, err := exec.Command("e2fsck", "-fp", img).CombinedOutput(); errors.As(err, &exit) && exit.ExitCode() > 1 { // 1: repaired
		return status.Errorf(codes.Internal, "e2fsck: %v: %s", err, out)
	}
	_, err = run("resize2fs", img)
	return err
}

// smallXfs tells whether an XFS is smaller than its image by what its smallest allocation group takes.
func smallXfs(img string) bool {
	f, err := os.Open(img)
	if err != nil {
		return false
	}
	defer f.Close()
	var super [16]byte
	st, err := f.Stat()
	if _, e := f.ReadAt(super[:], 0); err != nil || e != nil {
		return false
	}
	size := int64(binary.BigEndian.Uint64(super[8:])) * int64(binary.BigEndian.Uint32(super[4:]))
	return st.Size()-size >= 16*mib
}

func (d *driver) NodeGetCapabilities(context.Context, *csi.NodeGetCapabilitiesRequest) (*csi.NodeGetCapabilitiesResponse, error) {
	r := &csi.NodeGetCapabilitiesResponse{}
	for _, t := range []csi.NodeServiceCapability_RPC_Type{
		csi.NodeServiceCapability_RPC_STAGE_UNSTAGE_VOLUME,
		csi.NodeServiceCapability_RPC_EXPAND_VOLUME,
		csi.NodeServiceCapability_RPC_GET_VOLUME_STATS,
		csi.NodeServiceCapability_RPC_SINGLE_NODE_MULTI_WRITER,
	} {
		r.Capabilities = append(r.Capabilities, &csi.NodeServiceCapability{Type: &csi.NodeServiceCapability_Rpc{
			Rpc: &csi.NodeServiceCapability_RPC{Type: t}}})
	}
	return r, nil
}

func (d *driver) NodeGetInfo(context.Context, *csi.NodeGetInfoRequest) (*csi.NodeGetInfoResponse, error) {
	return &csi.NodeGetInfoResponse{NodeId: d.node}, nil
}

func (d *driver) NodeStageVolume(_ context.Context, q *csi.NodeStageVolumeRequest) (*csi.NodeStageVolumeResponse, error) {
	v, err := d.load(volume, q.VolumeId)
	if err != nil {
		return nil, err
	}
	img, path := d.img(v.ID), q.StagingTargetPath
	if q.VolumeCapability.GetBlock() != nil {
		_, err := attach(img)
		return &csi.NodeStageVolumeResponse{}, err
	}
	if mounted(path) {
		return &csi.NodeStageVolumeResponse{}, nil
	}
	fsType, err := wanted([]*csi.VolumeCapability{q.VolumeCapability}, v.Params)
	if err != nil {
		return nil, err
	}
	fresh, err := format(img, fsType)
	if err != nil {
		return nil, err
	}
	opts := slices.Clone(q.VolumeCapability.GetMount().GetMountFlags())
	if fsType == "xfs" {
		opts = append(opts, "nouuid") // a copy has the uuid of its source, which can be mounted too
	}
	readOnly := slices.Contains([]csi.VolumeCapability_AccessMode_Mode{csi.VolumeCapability_AccessMode_SINGLE_NODE_READER_ONLY,
		csi.VolumeCapability_AccessMode_MULTI_NODE_READER_ONLY}, q.VolumeCapability.GetAccessMode().GetMode())
	if readOnly {
		opts = append(opts, "ro")
	}
	if fsType == "ext4" && !fresh && !readOnly {
		if err := growOffline(img); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(path, 0o750); err != nil {
		return nil, err
	}
	dev, err := attach(img)
	if err != nil {
		return nil, err
	}
	_, err = run("mount", "-t", fsType, "-o", strings.Join(append(opts, "defaults"), ","), dev, path)
	if err == nil && fsType == "xfs" && !fresh && !readOnly && smallXfs(img) { // not always: it would wait for a thaw
		if _, err = run("xfs_growfs", path); err != nil {
			unmount(path)
		}
	}
	if e := detach(img); err == nil { // it goes with the mount, however that ends
		err = e
	}
	return &csi.NodeStageVolumeResponse{}, err
}

// lookFrozen logs that a volume was left frozen, and thaws it when it is to: unmounted as it is it would stay frozen, and
// its disk in use, with no path to thaw it by until it is mounted again.
func (d *driver) lookFrozen(id, path string) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if d.thawAtUnstage {
		if unix.IoctlSetInt(fd, fithaw, 0) == nil {
			log.Printf("%s was left frozen: thawed", id)
		}
		return
	}
	switch err := unix.IoctlSetInt(fd, fifreeze, 0); err { // nobody but the driver has it mounted now
	case nil:
		unix.IoctlSetInt(fd, fithaw, 0)
	case unix.EBUSY:
		log.Printf("%s was left frozen: unmounted as it is", id)
	}
}

func (d *driver) NodeUnstageVolume(_ context.Context, q *csi.NodeUnstageVolumeRequest) (*csi.NodeUnstageVolumeResponse, error) {
	if mounted(q.StagingTargetPath) {
		d.lookFrozen(q.VolumeId, q.StagingTargetPath)
	}
	if err := unmount(q.StagingTargetPath); err != nil {
		return nil, err
	}
	if _, err := d.load(volume, q.VolumeId); err == nil {
		if err := detach(d.img(q.VolumeId)); err != nil {
			return nil, err
		}
	}
	return &csi.NodeUnstageVolumeResponse{}, nil
}

func (d *driver) NodePublishVolume(_ context.Context, q *csi.NodePublishVolumeRequest) (*csi.NodePublishVolumeResponse, error) {
	v, err := d.load(volume, q.VolumeId)
	if err != nil {
		return nil, err
	}
	if mounted(q.TargetPath) {
		return &csi.NodePublishVolumeResponse{}, nil
	}
	devs, err := loops(d.img(v.ID))
	if err != nil || len(devs) == 0 {
		return nil, status.Errorf(codes.FailedPrecondition, "%s is not staged: %v", v.ID, err)
	}
	if q.VolumeCapability.GetAccessMode().GetMode() == csi.VolumeCapability_AccessMode_SINGLE_NODE_SINGLE_WRITER {
		for _, at := range mounts(devs[0]) {
			if at != q.StagingTargetPath {
				return nil, status.Errorf(codes.FailedPrecondition, "%s is published on %s", v.ID, at)
			}
		}
	}
	from := q.StagingTargetPath
	if q.VolumeCapability.GetBlock() != nil {
		from = devs[0]
		if err = os.MkdirAll(filepath.Dir(q.TargetPath), 0o750); err == nil {
			err = os.WriteFile(q.TargetPath, nil, 0o600)
		}
	} else if !mounted(from) {
		err = status.Errorf(codes.FailedPrecondition, "%s is not staged on %s", v.ID, from)
	} else {
		err = os.MkdirAll(q.TargetPath, 0o750)
	}
	if err != nil {
		return nil, err
	}
	if _, err := run("mount", "--bind", from, q.TargetPath); err != nil {
		return nil, err
	}
	if q.Readonly {
		if _, err := run("mount", "-o", "remount,bind,ro", q.TargetPath); err != nil {
			unmount(q.TargetPath)
			return nil, err
		}
	}
	return &csi.NodePublishVolumeResponse{}, nil
}

func (d *driver) NodeUnpublishVolume(_ context.Context, q *csi.NodeUnpublishVolumeRequest) (*csi.NodeUnpublishVolumeResponse, error) {
	if err := unmount(q.TargetPath); err != nil {
		return nil, err
	}
	if err := os.Remove(q.TargetPath); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	return &csi.NodeUnpublishVolumeResponse{}, nil
}

func (d *driver) NodeExpandVolume(_ context.Context, q *csi.NodeExpandVolumeRequest) (*csi.NodeExpandVolumeResponse, error) {
	v, err := d.load(volume, q.VolumeId)
	if err != nil {
		return nil, err
	}
	devs, err := loops(d.img(v.ID))
	if err != nil || len(devs) == 0 || !mounted(q.VolumePath) {
		return nil, status.Errorf(codes.NotFound, "%s is not at %s: %v", v.ID, q.VolumePath, err)
	}
	_, err = run("losetup", "--set-capacity", devs[0])
	if err == nil && v.FsType == "ext4" {
		_, err = run("resize2fs", devs[0])
	} else if err == nil && v.FsType == "xfs" {
		_, err = run("xfs_growfs", q.VolumePath)
	}
	return &csi.NodeExpandVolumeResponse{CapacityBytes: v.Size}, err
}

func (d *driver) NodeGetVolumeStats(_ context.Context, q *csi.NodeGetVolumeStatsRequest) (*csi.NodeGetVolumeStatsResponse, error) {
	v, err := d.load(volume, q.VolumeId)
	if err != nil {
		return nil, err
	}
	var s unix.Statfs_t
	if !mounted(q.VolumePath) || unix.Statfs(q.VolumePath, &s) != nil {
		return nil, status.Errorf(codes.NotFound, "%s is not at %s", v.ID, q.VolumePath)
	}
	if v.FsType == "" {
		return &csi.NodeGetVolumeStatsResponse{Usage: []*csi.VolumeUsage{{Unit: csi.VolumeUsage_BYTES, Total: v.Size}}}, nil
	}
	return &csi.NodeGetVolumeStatsResponse{Usage: []*csi.VolumeUsage{
		{Unit: csi.VolumeUsage_BYTES, Total: int64(s.Blocks) * s.Bsize, Available: int64(s.Bavail) * s.Bsize, Used: int64(s.Blocks-s.Bfree) * s.Bsize},
		{Unit: csi.VolumeUsage_INODES, Total: int64(s.Files), Available: int64(s.Ffree), Used: int64(s.Files - s.Ffree)},
	}}, nil
}
