namespace Camelid.ModelRuntime.Tokenization;

/// <summary>What stands before text so that its first word looks like any other word.</summary>
internal enum PrefixSpace
{
    /// <summary>Nothing.</summary>
    Never,

    /// <summary>A space before every stretch of text between special tokens.</summary>
    EverySegment,

    /// <summary>A space before every stretch that does not begin with one.</summary>
    EverySegmentWithout,

    /// <summary>A space at the very beginning, unless the text begins with one.</summary>
    FirstSegmentWithout,
}

/// <summary>How text is cut into words before pairs are merged.</summary>
internal enum WordPattern
{
    /// <summary>Not at all: the text is one word.</summary>
    None,

    /// <summary>GPT-2's expression.</summary>
    Gpt2,

    /// <summary>The expression of Llama 3: numbers in threes.</summary>
    Llama3,

    /// <summary>The expression of Qwen 2 and 3: digits one by one.</summary>
    Qwen2,

    /// <summary>Before every <c>▁</c>.</summary>
    SpaceSymbol,
}

/// <summary>How a tokenizer turns text into symbols; read from <c>tokenizer.json</c>.</summary>
internal sealed record TokenizerRules
{
    /// <summary>True for GPT-2's byte letters; false for SentencePiece's <c>▁</c> and byte tokens.</summary>
    public required bool IsByteLevel { get; init; }

    /// <summary>The space before the first word.</summary>
    public required PrefixSpace PrefixSpace { get; init; }

    /// <summary>The cutting into words.</summary>
    public required WordPattern Pattern { get; init; }

    /// <summary>True where text is brought into Unicode normalisation form C first.</summary>
    public required bool Composes { get; init; }

    /// <summary>True where every digit is a word of its own.</summary>
    public required bool SeparatesDigits { get; init; }

    /// <summary>True where a word that is a token is that token, whatever the merges say.</summary>
    public required bool PrefersWholeWords { get; init; }
}

/// <summary>A token beside the vocabulary's own: special ones stand for no text.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Text">How templates write it.</param>
/// <param name="IsSpecial">True where it stands for no text.</param>
/// <param name="StripsLeft">True where white space before it belongs to it.</param>
/// <param name="StripsRight">True where white space after it belongs to it.</param>
internal readonly record struct AddedToken(uint Id, string Text, bool IsSpecial, bool StripsLeft, bool StripsRight);

/// <summary>A vocabulary with everything that encoding and decoding need.</summary>
internal sealed record TokenizerVocabulary
{
    /// <summary>The text of every token by id, as the file writes it; null where the file names none.</summary>
    public required string?[] Tokens { get; init; }

    /// <summary>Pairs of tokens in the order of their ranks, with what they become.</summary>
    public required IReadOnlyList<(uint Left, uint Right, uint Merged)> Merges { get; init; }

    /// <summary>Tokens beside the vocabulary's own, by id.</summary>
    public required IReadOnlyList<AddedToken> AddedTokens { get; init; }

    /// <summary>How text becomes symbols.</summary>
    public required TokenizerRules Rules { get; init; }

    /// <summary>The token that the file itself puts before every text; null where it puts none.</summary>
    public required uint? TemplateBeginToken { get; init; }

    /// <summary>The id of a token; null where the vocabulary has none of that text.</summary>
    public uint? Find(string text)
    {
        int index = Array.IndexOf(Tokens, text);
        return index < 0 ? null : (uint)index;
    }
}
