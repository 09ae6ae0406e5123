using Camelid.Protocol.Market;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Tests.Peers;
using FsCheck;
using FsCheck.Fluent;

namespace Camelid.Protocol.Tests.Market;

/// <summary>Rules P-56 and P-57: long messages in parts, and back, within bounds.</summary>
public sealed class MessagePartsTests
{
    private const byte Kind = 7;
    private static readonly NodeId Sender = PeerSamples.Id(3);

    [Theory]
    [InlineData(0, 1)]
    [InlineData(MessageParts.PartBytesMax, 1)]
    [InlineData(MessageParts.PartBytesMax + 1, 2)]
    [InlineData(MessageParts.BytesMax, MessageParts.CountMax)]
    [Trait("Rule", "P-56")]
    public void A_message_comes_back_from_its_parts_in_any_order(int bytes, int count)
    {
        byte[] message = Drawn(bytes);
        IReadOnlyList<byte[]> bodies = MessageParts.Split(Kind, message);
        Assert.Equal(count, bodies.Count);
        Assert.All(bodies, body => Assert.True(body.Length <= RelayMessage.SpreadBytesMax));
        MessageAssembler assembler = new(new AssemblyBounds());
        List<ReadOnlyMemory<byte>> whole = [];
        foreach (byte[] body in bodies.Reverse().Concat(bodies.Take(1)))
        {
            Assert.Equal(RuleCode.Accepted, assembler.Take(Sender, Kind, body, 0, out ReadOnlyMemory<byte>? read));
            whole.AddRange(read is { } one ? [one] : []);
        }

        Assert.Equal(message, whole[0].ToArray());
    }

    [Fact]
    [Trait("Rule", "P-56")]
    public void A_message_above_the_bound_is_not_split() =>
        Assert.Throws<ArgumentException>(() => MessageParts.Split(Kind, new byte[MessageParts.BytesMax + 1]));

    [Theory]
    [InlineData(0, 0, 0, 5, true)]
    [InlineData(0, 0, 0, MessageParts.PartBytesMax + 1, false)]
    [InlineData(1, 0, 2, MessageParts.PartBytesMax, true)]
    [InlineData(1, 0, 2, MessageParts.PartBytesMax - 1, false)]
    [InlineData(1, 1, 2, 1, true)]
    [InlineData(1, 1, 2, 0, false)]
    [InlineData(1, 1, 2, MessageParts.PartBytesMax + 1, false)]
    [InlineData(1, 2, 2, 1, false)]
    [InlineData(1, 0, 1, 1, false)]
    [InlineData(1, 0, 0, 1, false)]
    [InlineData(1, 83, 84, 1, true)]
    [InlineData(1, 84, 85, 1, false)]
    [InlineData(2, 0, 2, 1, false)]
    [Trait("Rule", "P-56")]
    public void A_piece_has_one_form(byte form, byte index, byte count, int dataBytes, bool isGood)
    {
        CanonicalWriter writer = new();
        writer.Byte(form);
        if (form != 0)
        {
            writer.Hash(default).Byte(index).Byte(count);
        }

        writer.Raw(new byte[dataBytes]);
        Assert.Equal(isGood, MessageParts.TryDecode(writer.Written, out _));
        MessageAssembler assembler = new(new AssemblyBounds());
        RuleCode code = assembler.Take(Sender, Kind, writer.Written, 0, out _);
        Assert.Equal(isGood ? RuleCode.Accepted : RuleCode.MessagePartForm, code);
        Assert.Equal(isGood && form == 1 ? 1 : 0, assembler.Count);
    }

    [Fact]
    [Trait("Rule", "P-57")]
    public void Every_changed_byte_of_a_part_loses_the_message_and_no_other()
    {
        byte[] message = Drawn(MessageParts.PartBytesMax + 40);
        IReadOnlyList<byte[]> bodies = MessageParts.Split(Kind, message);
        for (int i = 0; i < bodies[1].Length; i++)
        {
            MessageAssembler assembler = new(new AssemblyBounds());
            byte[] changed = [.. bodies[1]];
            changed[i] ^= 1;
            assembler.Take(Sender, Kind, changed, 0, out ReadOnlyMemory<byte>? first);
            assembler.Take(Sender, Kind, bodies[0], 0, out ReadOnlyMemory<byte>? second);
            assembler.Take(Sender, Kind, bodies[0], 0, out _);
            RuleCode code = assembler.Take(Sender, Kind, bodies[1], 0, out ReadOnlyMemory<byte>? third);
            Assert.Null(second);
            Assert.True(first is null || i == 0, $"byte {i}: a part was taken for a whole");
            Assert.True(third is null || third.Value.Span.SequenceEqual(message), $"byte {i}: another message");
            Assert.Equal(RuleCode.Accepted, code);
        }
    }

    [Fact]
    [Trait("Rule", "P-57")]
    public void A_sender_that_contradicts_itself_loses_its_message()
    {
        IReadOnlyList<byte[]> bodies = MessageParts.Split(Kind, Drawn(3 * MessageParts.PartBytesMax));
        MessageAssembler assembler = new(new AssemblyBounds());
        Assert.Equal(RuleCode.Accepted, assembler.Take(Sender, Kind, bodies[0], 0, out _));
        byte[] other = [.. bodies[0]];
        other[^1] ^= 1;
        Assert.Equal(RuleCode.MessagePartContradicts, assembler.Take(Sender, Kind, other, 0, out _));
        Assert.Equal((0, 0L), (assembler.Count, assembler.Bytes));

        byte[] otherCount = [.. bodies[0]];
        otherCount[34]++;
        assembler.Take(Sender, Kind, bodies[0], 0, out _);
        Assert.Equal(RuleCode.MessagePartContradicts, assembler.Take(Sender, Kind, otherCount, 0, out _));
        Assert.Equal((0, 0L), (assembler.Count, assembler.Bytes));
    }

    [Fact]
    [Trait("Rule", "P-57")]
    public void Parts_of_another_message_under_its_id_are_found_out_at_the_end()
    {
        IReadOnlyList<byte[]> bodies = MessageParts.Split(Kind, Drawn(2 * MessageParts.PartBytesMax));
        byte[] lie = [.. bodies[1]];
        lie[^1] ^= 1;
        MessageAssembler assembler = new(new AssemblyBounds());
        assembler.Take(Sender, Kind, bodies[0], 0, out _);
        Assert.Equal(RuleCode.MessagePartContradicts, assembler.Take(Sender, Kind, lie, 0, out var whole));
        Assert.Null(whole);
        Assert.Equal((0, 0L), (assembler.Count, assembler.Bytes));
    }

    [Fact]
    [Trait("Rule", "P-57")]
    public void Neither_another_sender_nor_another_kind_adds_to_a_message()
    {
        IReadOnlyList<byte[]> bodies = MessageParts.Split(Kind, Drawn(2 * MessageParts.PartBytesMax));
        MessageAssembler assembler = new(new AssemblyBounds());
        assembler.Take(Sender, Kind, bodies[0], 0, out _);
        assembler.Take(PeerSamples.Id(4), Kind, bodies[1], 0, out ReadOnlyMemory<byte>? bySender);
        assembler.Take(Sender, Kind + 1, bodies[1], 0, out ReadOnlyMemory<byte>? byKind);
        Assert.Null(bySender);
        Assert.Null(byKind);
        Assert.Equal(3, assembler.Count);
    }

    [Fact]
    [Trait("Rule", "P-57")]
    public void A_message_that_does_not_come_whole_in_its_time_is_forgotten()
    {
        IReadOnlyList<byte[]> bodies = MessageParts.Split(Kind, Drawn(2 * MessageParts.PartBytesMax));
        MessageAssembler assembler = new(new AssemblyBounds());
        assembler.Take(Sender, Kind, bodies[0], 1_000, out _);
        Assert.Equal(0, assembler.Expire(60_999));
        Assert.Equal(1, assembler.Expire(61_000));
        Assert.Equal((0, 0L), (assembler.Count, assembler.Bytes));
        assembler.Take(Sender, Kind, bodies[1], 61_000, out ReadOnlyMemory<byte>? whole);
        Assert.Null(whole);
    }

    [Theory]
    [InlineData(4, 1_000, 4)]
    [InlineData(1_000, 4, 4)]
    [Trait("Rule", "P-57")]
    public void Only_so_many_messages_are_begun(int bySender, int inAll, int expected)
    {
        MessageAssembler assembler = new(new AssemblyBounds { SenderCountMax = bySender, TotalCountMax = inAll });
        RuleCode[] codes =
        [
            .. Enumerable.Range(0, 5).Select(i => assembler.Take(
                Sender, Kind, MessageParts.Split(Kind, Drawn(40_000, i))[0], 0, out _)),
        ];
        Assert.Equal(expected, codes.Count(code => code == RuleCode.Accepted));
        Assert.Equal(RuleCode.MessagePartsTooMany, codes[^1]);
    }

    [Theory]
    [InlineData(64_000, 1_000_000)]
    [InlineData(1_000_000, 64_000)]
    [Trait("Rule", "P-57")]
    public void Only_so_many_bytes_are_kept(long bySender, long inAll)
    {
        MessageAssembler assembler = new(new AssemblyBounds { SenderBytesMax = bySender, TotalBytesMax = inAll });
        IReadOnlyList<byte[]> bodies = MessageParts.Split(Kind, Drawn(4 * MessageParts.PartBytesMax));
        RuleCode[] codes = [.. bodies.Select(body => assembler.Take(Sender, Kind, body, 0, out _))];
        Assert.Equal(2, codes.Count(code => code == RuleCode.Accepted));
        Assert.Equal(64_000, assembler.Bytes);
        Assert.Equal(
            RuleCode.MessagePartsTooMany,
            assembler.Take(Sender, Kind, MessageParts.Split(Kind, Drawn(40_000))[0], 0, out _));
        Assert.Equal(1, assembler.Count);
    }

    /// <summary>However parts of several senders are mixed, doubled and lost, what comes out was sent.</summary>
    [Fact]
    [Trait("Rule", "P-57")]
    public void Drawn_mixtures_give_messages_that_were_sent_or_none() => Prop.ForAll<int, byte[]>((seed, choices) =>
    {
        Random random = new(seed);
        byte[][] messages = [.. Enumerable.Range(0, 3).Select(i => Drawn(32_000 + random.Next(64_001), i))];
        byte[][] bodies = [.. messages.SelectMany(message => MessageParts.Split(Kind, message))];
        MessageAssembler assembler = new(new AssemblyBounds());
        bool good = true;
        foreach (byte choice in choices)
        {
            assembler.Take(Sender, Kind, bodies[choice % bodies.Length], choice, out ReadOnlyMemory<byte>? whole);
            good &= whole is null || messages.Any(message => message.AsSpan().SequenceEqual(whole.Value.Span));
        }

        return good && assembler.Bytes >= 0 && assembler.Count <= 3;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    private static byte[] Drawn(int count, int seed = 1)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
