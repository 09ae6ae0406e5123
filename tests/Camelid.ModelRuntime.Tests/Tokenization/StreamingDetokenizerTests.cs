using System.Text;
using Camelid.ModelRuntime.Tokenization;
using FsCheck;
using FsCheck.Fluent;

namespace Camelid.ModelRuntime.Tests.Tokenization;

/// <summary>Text that comes token by token.</summary>
public sealed class StreamingDetokenizerTests
{
    private const string Legacy =
        """
        {"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},
        {"type":"Replace","pattern":{"String":" "},"content":"▁"}]}
        """;

    private const string Cutting = """{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}""";

    public static TheoryData<bool> Kinds => new(true, false);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Pieces_of_any_tokens_are_whole_characters_and_together_the_text(bool byteLevel)
    {
        using ModelTokenizer tokenizer = Open(byteLevel);
        Gen<uint[]> tokens = Gen.Choose(0, TokenizerFiles.RoomForMore + 9).Select(id => (uint)id).ArrayOf();
        Prop.ForAll(tokens.ToArbitrary(), ids =>
        {
            StreamingDetokenizer stream = tokenizer.CreateStream();
            string[] pieces = [.. ids.Select(stream.Push), stream.Flush()];
            byte[] bytes = [.. ids.SelectMany(tokenizer.TokenBytes)];
            return pieces.All(IsWhole) && string.Concat(pieces) == Encoding.UTF8.GetString(bytes);
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Pieces_of_any_text_never_hold_a_replacement(bool byteLevel)
    {
        using ModelTokenizer tokenizer = Open(byteLevel);
        Prop.ForAll<NonNull<string>>(text =>
        {
            string clean = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Get)).Replace('\ufffd', '?')
                + "\ud83d\ude00\u4e2d";
            StreamingDetokenizer stream = tokenizer.CreateStream();
            string[] pieces = [.. tokenizer.Encode(clean).Select(stream.Push), stream.Flush()];
            return pieces.All(piece => IsWhole(piece) && !piece.Contains('\ufffd', StringComparison.Ordinal))
                && string.Concat(pieces).EndsWith(clean, StringComparison.Ordinal);
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_token_that_was_met_before_gives_the_same_string_without_allocation(bool byteLevel)
    {
        using ModelTokenizer tokenizer = Open(byteLevel);
        uint id = tokenizer.Encode("a")[^1];
        StreamingDetokenizer stream = tokenizer.CreateStream();
        string first = stream.Push(id);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            Assert.True(ReferenceEquals(first, stream.Push(id)));
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static ModelTokenizer Open(bool byteLevel) => TokenizerFiles.Open(
        byteLevel ? TokenizerFiles.ByteLevel(null, Cutting) : TokenizerFiles.SentencePiece(Legacy, null));

    private static bool IsWhole(string piece) =>
        piece.Length == 0 || (!char.IsHighSurrogate(piece[^1]) && !char.IsLowSurrogate(piece[0]));
}
