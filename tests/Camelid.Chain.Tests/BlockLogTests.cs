using Camelid.Chain.Blocks;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Tests;

/// <summary>
/// Rule C-31: a block counts once it is on the disk; a cut-off end is dropped, a damaged middle is refused.
/// </summary>
public sealed class BlockLogTests : IDisposable
{
    private static readonly BlockHash Genesis = Network.Regtest.GenesisHash;

    private readonly string folder = Directory.CreateTempSubdirectory("camelid-log").FullName;

    private string LogPath => Path.Combine(folder, "chain", "blocks.log");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_log_cut_at_any_byte_keeps_exactly_the_frames_that_are_whole()
    {
        int[] lengths = [1, 40, 100];
        byte[] whole = Write(lengths);
        int[] ends = new int[lengths.Length];
        int end = BlockLog.HeadBytes;
        for (int i = 0; i < lengths.Length; i++)
        {
            end += BlockLog.FrameBytes + lengths[i];
            ends[i] = end;
        }

        for (int cut = 0; cut <= whole.Length; cut++)
        {
            File.WriteAllBytes(LogPath, whole[..cut]);
            int expected = ends.Count(frameEnd => frameEnd <= cut);
            using (BlockLog log = BlockLog.Open(LogPath, Genesis, out IReadOnlyList<BlockPosition> frames))
            {
                Assert.Equal(expected, frames.Count);
                log.Append([9, 9, 9]);
            }

            using BlockLog again = BlockLog.Open(LogPath, Genesis, out IReadOnlyList<BlockPosition> after);
            Assert.Equal(expected + 1, after.Count);
            Assert.Equal([9, 9, 9], again.Read(after[^1]));
            Assert.Equal(0, again.DroppedBytes);
        }
    }

    [Fact]
    public void A_cut_off_end_whose_bytes_never_reached_the_disk_is_dropped()
    {
        byte[] whole = Write(10, 10);
        File.WriteAllBytes(LogPath, [.. whole, .. new byte[64]]);
        using BlockLog log = BlockLog.Open(LogPath, Genesis, out IReadOnlyList<BlockPosition> frames);
        Assert.Equal((2, 64L), (frames.Count, log.DroppedBytes));
    }

    [Fact]
    public void A_damaged_byte_before_good_frames_is_refused_with_file_and_offset()
    {
        byte[] whole = Write(10, 10, 10);
        int first = BlockLog.HeadBytes;
        for (int at = first; at < first + BlockLog.FrameBytes + 10; at++)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x40;
            File.WriteAllBytes(LogPath, damaged);
            BlockLogDamagedException refusal = Assert.Throws<BlockLogDamagedException>(
                () => BlockLog.Open(LogPath, Genesis, out IReadOnlyList<BlockPosition> _));
            Assert.Contains(LogPath, refusal.Message, StringComparison.Ordinal);
            Assert.Contains($"offset {first} ", refusal.Message, StringComparison.Ordinal);
            Assert.Equal(damaged.Length, new FileInfo(LogPath).Length);
        }
    }

    [Fact]
    public void The_log_of_another_network_is_refused()
    {
        Write(10);
        Assert.Throws<BlockLogDamagedException>(
            () => BlockLog.Open(LogPath, Network.Test.GenesisHash, out IReadOnlyList<BlockPosition> _));
    }

    [Fact]
    public void A_second_process_can_not_open_the_log()
    {
        using BlockLog log = BlockLog.Open(LogPath, Genesis, out IReadOnlyList<BlockPosition> _);
        Assert.Throws<IOException>(() => BlockLog.Open(LogPath, Genesis, out IReadOnlyList<BlockPosition> _));
    }

    private byte[] Write(params int[] lengths)
    {
        using (BlockLog log = BlockLog.Open(LogPath, Genesis, out IReadOnlyList<BlockPosition> _))
        {
            foreach (int length in lengths)
            {
                log.Append(Enumerable.Repeat((byte)length, length).ToArray());
            }
        }

        return File.ReadAllBytes(LogPath);
    }
}
