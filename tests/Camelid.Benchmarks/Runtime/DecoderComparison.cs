namespace Camelid.Benchmarks.Runtime;

/// <summary>The slot graph alone against GenAI, in turn on the same prompts.</summary>
internal sealed class DecoderComparison(
    SlotDecoder ours, GenAiDecoder theirs, BenchmarkModel model, Rounds rounds, WorkClock clock)
{
    internal const int BatchRows = 8, ShortPrompt = 128, LongPrompt = 512;
    internal const string Rate = "tokens/s", OneRow = "graph: decode, batch 1 / GenAI";
    private const int AgreementSteps = 16, BatchPrompt = 16;

    /// <summary>Runs every quantity.</summary>
    internal async Task RunAsync()
    {
        CheckAgreement();
        foreach (int tokens in new[] { ShortPrompt, LongPrompt })
        {
            uint[][] prompt = Prompts(model, 1, tokens);
            string quantity = $"graph: prefill of {tokens} / GenAI";
            await rounds.CompareAsync(
                quantity, Rate, () => Prefill(ours, prompt, clock), () => Prefill(theirs, prompt, clock));
        }

        await rounds.CompareAsync(OneRow, Rate, () => DecodeOne(ours), () => DecodeOne(theirs));
        await rounds.CompareAsync(
            $"graph: decode, batch {BatchRows} / GenAI", Rate, () => DecodeBatch(ours), () => DecodeBatch(theirs));
        await rounds.CompareAsync(
            $"graph: decode of {BatchRows} rows / of 1", Rate, () => DecodeBatch(ours), () => DecodeOne(ours));
        rounds.Add("graph: managed bytes per decoded token", "bytes", AllocatedBytes());
    }

    /// <summary>Prompts of tokens that mean nothing, always the same.</summary>
    internal static uint[][] Prompts(BenchmarkModel model, int rows, int tokens)
    {
        Random random = new(7);
        return [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, tokens)
            .Select(_ => (uint)random.Next(300, model.Architecture.VocabularySize)).ToArray())];
    }

    /// <summary>What stands before decoding, of one row and of several.</summary>
    internal static (uint[][] One, uint[][] Batch) DecodePrompts(BenchmarkModel model) =>
        (Prompts(model, 1, model.Effort.DecodePrompt), Prompts(model, BatchRows, BatchPrompt));

    /// <summary>Tokens per second of all rows together, after their prompts.</summary>
    internal static double Decode(IDecoder side, uint[][] prompts, int steps, WorkClock clock)
    {
        side.Reset(prompts.Length);
        side.Prefill(prompts);
        side.Step();
        double started = clock.Seconds();
        for (int step = 0; step < steps; step++)
        {
            side.Step();
        }

        return prompts.Length * steps / (clock.Seconds() - started);
    }

    /// <summary>Prompt tokens per second until the first token is chosen.</summary>
    internal static double Prefill(IDecoder side, uint[][] prompt, WorkClock clock)
    {
        side.Reset(1);
        double started = clock.Seconds();
        side.Prefill(prompt);
        return prompt[0].Length / (clock.Seconds() - started);
    }

    private double DecodeOne(IDecoder side) =>
        Decode(side, DecodePrompts(model).One, model.Effort.DecodeSteps, clock);

    private double DecodeBatch(IDecoder side) =>
        Decode(side, DecodePrompts(model).Batch, model.Effort.BatchSteps, clock);

    private double AllocatedBytes()
    {
        ours.Reset(1);
        ours.Prefill(Prompts(model, 1, ShortPrompt));
        ours.Step();
        ours.Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 0; step < model.Effort.DecodeSteps; step++)
        {
            ours.Step();
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)model.Effort.DecodeSteps;
    }

    /// <summary>How far both sides compute the same: they must, for their speed to be comparable.</summary>
    private void CheckAgreement()
    {
        theirs.KeepsLogits = true;
        foreach (IDecoder side in new IDecoder[] { ours, theirs })
        {
            side.Reset(1);
            side.Prefill(Prompts(model, 1, ShortPrompt));
        }

        double prefill = Difference();
        double worst = prefill;
        int equal = 0;
        while (equal < AgreementSteps && ours.Token(0) == theirs.Token(0))
        {
            equal++;
            ours.Step();
            theirs.Step();
            worst = Math.Max(worst, Difference());
        }

        theirs.KeepsLogits = false;
        rounds.Add("same computation: distance of logits from GenAI's after the prompt", "of their size", prefill);
        rounds.Add("same computation: the greatest such distance while decoding", "of their size", worst);
        rounds.Add($"same computation: equal greedy tokens of {AgreementSteps}", "tokens", equal);
    }

    private double Difference()
    {
        double error = 0;
        double size = 0;
        for (int i = 0; i < model.Architecture.VocabularySize; i++)
        {
            error += Math.Pow(ours.Logits(0)[i] - theirs.Logits(0)[i], 2);
            size += Math.Pow(theirs.Logits(0)[i], 2);
        }

        return Math.Sqrt(error / size);
    }
}
