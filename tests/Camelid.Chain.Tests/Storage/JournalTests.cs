using Camelid.Chain.Storage;
using Camelid.Protocol;

namespace Camelid.Chain.Tests.Storage;

/// <summary>Rule C-33: the journal gives back what was noted, and nothing that it would not write.</summary>
public sealed class JournalTests
{
    private static readonly JournalRecord[] Records =
    [
        new() { Kind = JournalKind.Header, Header = Network.Regtest.Genesis.Header },
        new()
        {
            Kind = JournalKind.Block,
            Hash = Network.Regtest.GenesisHash,
            Block = new BlockPlace(new FramePosition(3, 5_000_000_000, 80), 2, 50),
        },
        new()
        {
            Kind = JournalKind.Undo,
            Hash = Network.Test.GenesisHash,
            Undo = new UndoPlace(new FramePosition(0, 40, 90), 7),
        },
        new() { Kind = JournalKind.BlockLost, Hash = Network.Main.GenesisHash },
        new() { Kind = JournalKind.BlockPruned, Hash = Network.Main.GenesisHash },
        new() { Kind = JournalKind.UndoLost, Hash = Network.Main.GenesisHash },
        new() { Kind = JournalKind.Refused, Hash = Network.Main.GenesisHash },
        new() { Kind = JournalKind.Reconsidered, Hash = Network.Main.GenesisHash },
        new() { Kind = JournalKind.Incomplete },
    ];

    [Fact]
    public void Every_kind_of_record_comes_back()
    {
        byte[] frame = Assert.Single(JournalEncoding.Frames(Records));
        Assert.Equal(Records, JournalEncoding.Read(frame));
    }

    [Fact]
    public void A_frame_that_is_cut_or_of_an_unknown_kind_is_refused()
    {
        byte[] frame = Assert.Single(JournalEncoding.Frames(Records[..1]));
        Assert.All(
            Enumerable.Range(1, frame.Length - 1),
            cut => Assert.Null(JournalEncoding.Read(frame.AsSpan(0, cut))));
        Assert.All([0, 10, 255], kind => Assert.Null(JournalEncoding.Read([(byte)kind, .. new byte[32]])));
    }

    [Fact]
    public void Many_records_are_packed_into_frames_of_bounded_length()
    {
        JournalRecord[] many = [.. Enumerable.Repeat(Records, 5_000).SelectMany(records => records)];
        byte[][] frames = [.. JournalEncoding.Frames(many)];
        Assert.All(frames, frame => Assert.InRange(frame.Length, 1, JournalEncoding.FrameBytesMax));
        Assert.Equal(many, frames.SelectMany(frame => JournalEncoding.Read(frame)!));
    }
}
