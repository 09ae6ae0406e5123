namespace Camelid.ModelRuntime.Training;

/// <summary>
/// Turns documents of the grammar into windows of tokens: each window begins with a document and is filled up. The
/// batch of a step depends on the seed and the step alone.
/// </summary>
internal sealed class TrainingBatches(StoryGrammar grammar, BytePairVocabulary vocabulary, ulong seed)
{
    /// <summary>Fills ids and targets of a step, row by row: each target is the token after its id.</summary>
    internal void Fill(int step, BatchShape shape, long[] ids, long[] targets)
    {
        SplitMix64 random = new(new SplitMix64(seed + ((ulong)step << 32)).Next());
        List<uint> window = [];
        for (int row = 0; row < shape.Windows; row++)
        {
            window.Clear();
            while (window.Count <= shape.Tokens)
            {
                window.AddRange(Encode(grammar.Next(random)));
            }

            for (int i = 0; i < shape.Tokens; i++)
            {
                ids[row * shape.Tokens + i] = window[i];
                targets[row * shape.Tokens + i] = window[i + 1];
            }
        }
    }

    /// <summary>
    /// A document in tokens: every turn is role token, words, end token; running text is words, end token.
    /// </summary>
    internal List<uint> Encode(TrainingDocument document)
    {
        List<uint> ids = [];
        foreach (TrainingTurn turn in document.Turns)
        {
            ids.Add(NanoModel.RoleToken(turn.Role));
            ids.AddRange(vocabulary.Encode(turn.Content));
            ids.Add(NanoModel.EndToken);
        }

        if (document.Text.Length > 0)
        {
            ids.AddRange(vocabulary.Encode(document.Text));
            ids.Add(NanoModel.EndToken);
        }

        return ids;
    }
}
