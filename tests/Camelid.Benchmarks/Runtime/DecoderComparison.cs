using System.Diagnostics;
using System.Globalization;

namespace Camelid.Benchmarks.Runtime;

/// <summary>The slot graph alone against GenAI, in turn on the same prompts.</summary>
internal sealed class DecoderComparison(SlotDecoder ours, GenAiDecoder theirs, BenchmarkModel model, Rounds rounds)
{
    internal const int BatchRows = 8, ShortPrompt = 128, LongPrompt = 512, DecodeSteps = 48, BatchSteps = 24;
    internal const string Rate = "tokens/s";
    private const int AgreementSteps = 16;

    /// <summary>Runs every quantity.</summary>
    internal async Task RunAsync()
    {
        await Console.Error.WriteLineAsync(Agreement());
        foreach (int tokens in new[] { ShortPrompt, LongPrompt })
        {
            await rounds.CompareAsync(
                $"graph: prefill of {tokens} / GenAI", Rate, () => Prefill(ours, model, tokens),
                () => Prefill(theirs, model, tokens));
        }

        await rounds.CompareAsync(
            "graph: decode, batch 1 / GenAI", Rate, () => Decode(ours, model, 1, DecodeSteps),
            () => Decode(theirs, model, 1, DecodeSteps));
        await rounds.CompareAsync(
            $"graph: decode, batch {BatchRows} / GenAI", Rate, () => Decode(ours, model, BatchRows, BatchSteps),
            () => Decode(theirs, model, BatchRows, BatchSteps));
        await rounds.CompareAsync(
            $"graph: decode of {BatchRows} rows / of 1", Rate, () => Decode(ours, model, BatchRows, BatchSteps),
            () => Decode(ours, model, 1, DecodeSteps));
        rounds.Add("graph: managed bytes per decoded token", "bytes", AllocatedBytes());
    }

    /// <summary>Prompts of tokens that mean nothing, always the same.</summary>
    internal static uint[][] Prompts(BenchmarkModel model, int rows, int tokens)
    {
        Random random = new(7);
        return [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, tokens)
            .Select(_ => (uint)random.Next(300, model.Architecture.VocabularySize)).ToArray())];
    }

    /// <summary>Tokens per second of all rows together, after a prompt.</summary>
    internal static double Decode(IDecoder side, BenchmarkModel model, int rows, int steps)
    {
        side.Reset(rows);
        side.Prefill(Prompts(model, rows, ShortPrompt / rows));
        side.Step();
        long started = Stopwatch.GetTimestamp();
        for (int step = 0; step < steps; step++)
        {
            side.Step();
        }

        return rows * steps / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Prompt tokens per second until the first token is chosen.</summary>
    internal static double Prefill(IDecoder side, BenchmarkModel model, int tokens)
    {
        side.Reset(1);
        uint[][] prompts = Prompts(model, 1, tokens);
        long started = Stopwatch.GetTimestamp();
        side.Prefill(prompts);
        return tokens / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private double AllocatedBytes()
    {
        ours.Reset(1);
        ours.Prefill(Prompts(model, 1, ShortPrompt));
        ours.Step();
        ours.Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 0; step < DecodeSteps; step++)
        {
            ours.Step();
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)DecodeSteps;
    }

    /// <summary>Says how far both sides compute the same: they must, for their speed to be comparable.</summary>
    private string Agreement()
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
        return string.Create(CultureInfo.InvariantCulture,
            $"same computation: {model.Label}: logits differ from GenAI's by {prefill:E1} of their size after the "
            + $"prompt and at most {worst:E1} after it; {equal} of {AgreementSteps} greedy tokens are equal");
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
