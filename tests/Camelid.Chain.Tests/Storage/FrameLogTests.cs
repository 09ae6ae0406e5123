using Camelid.Chain.Storage;
using Camelid.Protocol;

namespace Camelid.Chain.Tests.Storage;

/// <summary>
/// Rule C-31: a frame counts once it was flushed; a cut-off end is dropped, a damaged middle is named and passed over.
/// </summary>
public sealed class FrameLogTests
{
    private static readonly FrameLogForm Form =
        new StoreForms(Network.Regtest.GenesisHash, new ChainStoreOptions { SegmentBytesMax = 4_000 }).Blocks;

    private static readonly ILookup<int, FramePosition> NothingKnown =
        Array.Empty<FramePosition>().ToLookup(position => position.Segment);

    private static string First => Form.FileName(0);

    [Fact]
    public void A_log_cut_at_any_byte_keeps_exactly_the_frames_that_are_whole()
    {
        int[] lengths = [1, 40, 100];
        byte[] whole = Written(lengths);
        List<int> ends = [];
        int end = Form.Head.Length;
        foreach (int length in lengths)
        {
            ends.Add(end += Frames.HeadBytes + length);
        }

        for (int cut = 0; cut <= whole.Length; cut++)
        {
            SimulatedDisk disk = new(cut);
            disk.Put(First, whole.AsSpan(0, cut));
            (FrameLog log, List<byte[]> frames, FrameScan scan) = Open(disk);
            int expected = ends.Count(frameEnd => frameEnd <= cut);
            Assert.Equal(expected, frames.Count);
            Assert.Empty(scan.Damage);
            log.Append([9, 9, 9]);
            log.Flush();
            disk.CutPower();
            (_, frames, scan) = Open(disk);
            Assert.Equal(expected + 1, frames.Count);
            Assert.Equal([9, 9, 9], frames[^1]);
            Assert.Equal(0, scan.TailBytes);
        }
    }

    [Fact]
    public void A_damaged_byte_before_good_frames_is_named_with_file_and_offset_and_costs_one_frame()
    {
        byte[] whole = Written(10, 10, 10);
        int first = Form.Head.Length;
        for (int at = first; at < first + Frames.HeadBytes + 10; at++)
        {
            SimulatedDisk disk = new(at);
            disk.Put(First, whole);
            disk.FlipBit(First, at, 3);
            (_, List<byte[]> frames, FrameScan scan) = Open(disk);
            Assert.Equal(2, frames.Count);
            StorageDamage damage = Assert.Single(scan.Damage);
            Assert.Equal((disk.PathOf(First), (long)first), (damage.File, damage.Offset));
            Assert.Equal(whole.Length, disk.Contents(First).Length);
        }
    }

    [Fact]
    public void A_damaged_head_of_a_file_costs_no_frame_and_nothing_is_written_behind_it()
    {
        byte[] whole = Written(10, 10);
        for (int at = 0; at < Form.Head.Length; at++)
        {
            SimulatedDisk disk = new(at);
            disk.Put(First, whole);
            disk.FlipBit(First, at, 5);
            (FrameLog log, List<byte[]> frames, FrameScan scan) = Open(disk);
            Assert.Equal(2, frames.Count);
            Assert.Equal(0, Assert.Single(scan.Damage).Offset);
            Assert.Equal(1, log.Append([1]).Segment);
        }
    }

    [Fact]
    public void The_log_of_another_network_is_refused_and_left_as_it_is()
    {
        byte[] whole = Written(10);
        SimulatedDisk disk = new(1);
        disk.Put(new StoreForms(Network.Test.GenesisHash, new ChainStoreOptions()).Blocks.FileName(0), whole);
        FrameLog log = new(disk, new StoreForms(Network.Test.GenesisHash, new ChainStoreOptions()).Blocks);
        StorageRefusedException refusal = Assert.Throws<StorageRefusedException>(
            () => new FrameScan(log, searches: true).Run(NothingKnown, false).Count());
        Assert.Contains(disk.PathOf(First), refusal.Message, StringComparison.Ordinal);
        Assert.Equal(whole, disk.Contents(First));
    }

    [Fact]
    public void Bytes_of_a_payload_that_look_like_a_frame_are_met_only_where_the_scan_may_search()
    {
        byte[] inner = new byte[Frames.HeadBytes + 5];
        Frames.Write(inner, [1, 2, 3, 4, 5]);
        SimulatedDisk disk = new(1);
        FrameLog log = new(disk, Form);
        FramePosition outer = log.Append([7, 7, .. inner, 7]);
        FramePosition last = log.Append([8]);
        log.Flush();
        disk.FlipBit(First, outer.Offset, 0);
        Assert.Equal([[1, 2, 3, 4, 5], [8]], Open(disk).Frames);
        FrameLog trusting = new(disk, Form);
        FrameScan scan = new(trusting, searches: false);
        FramePosition[] known = [outer, last];
        Assert.Equal([last], scan.Run(known.ToLookup(position => 0), false).Select(frame => frame.Position).ToArray());
        Assert.Equal(outer.Start, Assert.Single(scan.Damage).Offset);
    }

    [Fact]
    public void A_frame_that_is_known_and_no_longer_there_is_named_even_at_the_very_end()
    {
        byte[] whole = Written(10, 10);
        SimulatedDisk disk = new(1);
        disk.Put(First, whole.AsSpan(0, whole.Length - 1));
        FrameLog log = new(disk, Form);
        FramePosition[] known = [new FramePosition(0, whole.Length - 10, 10)];
        FrameScan scan = new(log, searches: true);
        Assert.Single(scan.Run(known.ToLookup(position => 0), false));
        Assert.Equal(whole.Length - 10 - Frames.HeadBytes, Assert.Single(scan.Damage).Offset);
    }

    [Fact]
    public void A_flush_that_failed_is_done_again_from_the_last_durable_byte()
    {
        SimulatedDisk disk = new(5);
        FrameLog log = new(disk, Form);
        log.Append([1]);
        log.Flush();
        for (int round = 0; round < 50; round++)
        {
            disk.Faults = new DiskFaults { FailedFlush = 0.5, NoRoom = 0.3 };
            FramePosition position = log.Append([(byte)round, 2, 3]);
            bool isFlushed = false;
            while (!isFlushed)
            {
                try
                {
                    log.Flush();
                    isFlushed = true;
                }
                catch (IOException)
                {
                    Assert.Equal([(byte)round, 2, 3], log.Read(position));
                }
            }
        }

        disk.Faults = DiskFaults.None;
        disk.CutPower();
        Assert.Equal(51, Open(disk).Frames.Count);
    }

    [Fact]
    public void A_frame_that_was_taken_back_leaves_nothing_that_hides_the_next()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            SimulatedDisk disk = new(seed);
            FrameLog log = new(disk, Form);
            log.Append([1]);
            log.Flush();
            FramePosition dropped = log.Append(new byte[300]);
            disk.Faults = new DiskFaults { FailedFlush = 1 };
            Assert.Throws<IOException>(log.Flush);
            disk.Faults = DiskFaults.None;
            log.DropLast(dropped);
            log.Append([2]);
            log.Flush();
            disk.CutPower();
            (_, List<byte[]> frames, FrameScan scan) = Open(disk);
            Assert.Equal([[1], [2]], frames);
            Assert.Equal((0, 0L), (scan.Damage.Count, scan.TailBytes));
        }
    }

    [Fact]
    public void A_log_that_has_grown_goes_on_in_the_next_file_and_old_files_can_be_read_and_removed()
    {
        SimulatedDisk disk = new(1);
        FrameLog log = new(disk, Form);
        FramePosition[] positions = [.. Enumerable.Range(0, 20).Select(i => log.Append(new byte[900 + i]))];
        log.Flush();
        Assert.Equal([0, 1, 2, 3, 4], log.Segments.Take(5));
        Assert.All(positions, position => Assert.Equal(position.Length, log.Read(position)!.Length));
        log.Delete(0);
        Assert.Null(log.Read(positions[0]));
        Assert.NotNull(log.Read(positions[^1]));
        disk.Kill();
        Assert.Equal(positions.Count(position => position.Segment > 0), Open(disk).Frames.Count);
    }

    [Fact]
    public void A_payload_made_of_beginnings_of_frames_can_not_hold_up_a_start()
    {
        byte[] evil = new byte[3_000_000];
        byte[] head = new byte[Frames.HeadBytes];
        Frames.Write(head.AsSpan(0, Frames.HeadBytes), []);
        head[6] = 0x20;
        for (int at = 0; at + 8 <= evil.Length; at += 8)
        {
            head.AsSpan(0, 8).CopyTo(evil.AsSpan(at));
        }

        SimulatedDisk disk = new(1);
        FrameLog log = new(disk, Form);
        FramePosition position = log.Append(evil);
        log.Append([1]);
        log.Flush();
        disk.FlipBit(First, position.Start + 9, 1);
        (FrameLog again, List<byte[]> frames, FrameScan scan) = Open(disk);
        Assert.Equal([[1]], frames);
        Assert.NotEmpty(scan.Damage);
        Assert.True(again.Append([2]).Segment > position.Segment);
    }

    private static (FrameLog Log, List<byte[]> Frames, FrameScan Scan) Open(SimulatedDisk disk)
    {
        FrameLog log = new(disk, Form);
        FrameScan scan = new(log, searches: true);
        return (log, [.. scan.Run(NothingKnown, false).Select(frame => frame.Payload.ToArray())], scan);
    }

    private static byte[] Written(params int[] lengths)
    {
        SimulatedDisk disk = new(1);
        FrameLog log = new(disk, Form);
        foreach (int length in lengths)
        {
            log.Append(Enumerable.Repeat((byte)length, length).ToArray());
        }

        log.Flush();
        return disk.Contents(First);
    }
}
