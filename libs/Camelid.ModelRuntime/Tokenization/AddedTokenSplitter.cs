using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>Finds added tokens in a template's own text, the longest first where several begin at one place.</summary>
internal sealed class AddedTokenSplitter
{
    private readonly ILookup<char, AddedToken> tokens;

    internal AddedTokenSplitter(TokenizerVocabulary vocabulary, IEnumerable<SpecialToken> special)
    {
        IEnumerable<AddedToken> others = special
            .Where(token => vocabulary.AddedTokens.All(known => known.Id != token.Id))
            .Select(token => new AddedToken(token.Id, token.Text, true, false, false));
        tokens = vocabulary.AddedTokens.Concat(others).Where(token => token.Text.Length > 0)
            .OrderByDescending(token => token.Text.Length).ToLookup(token => token.Text[0]);
    }

    /// <summary>The tokens and the text between them.</summary>
    internal List<ChatPart> Split(string text)
    {
        List<ChatPart> parts = [];
        int start = 0;
        for (int i = 0; i < text.Length;)
        {
            AddedToken found = tokens[text[i]].FirstOrDefault(token =>
                string.CompareOrdinal(text, i, token.Text, 0, token.Text.Length) == 0);
            if (found.Text is null)
            {
                i++;
                continue;
            }

            AddText(parts, found.StripsLeft ? text[start..i].TrimEnd() : text[start..i]);
            parts.Add(found.Id);
            i += found.Text.Length;
            while (found.StripsRight && i < text.Length && char.IsWhiteSpace(text[i]))
            {
                i++;
            }

            start = i;
        }

        AddText(parts, text[start..]);
        return parts;
    }

    private static void AddText(List<ChatPart> parts, string text)
    {
        if (text.Length > 0)
        {
            parts.Add(new ChatPart(null, text));
        }
    }
}
