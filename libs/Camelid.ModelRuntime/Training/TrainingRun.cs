using System.Diagnostics;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;

namespace Camelid.ModelRuntime.Training;

/// <summary>
/// Takes the steps of a recipe, writes each into the chain, and stores a state now and then. It goes on where an
/// earlier run of the same recipe stored its last state.
/// </summary>
internal sealed class TrainingRun(TrainingRecipe recipe, TrainingFolder folder)
{
    private const int ReportStepsMax = 50, ReportsOfTraining = 100;

    private readonly List<TrainingStep> chain = [];

    /// <summary>The chain so far, the start included.</summary>
    internal IReadOnlyList<TrainingStep> Chain => chain;

    /// <summary>Steps between two stored states; 0 stores the last one only.</summary>
    internal int StateSteps { get; init; }

    /// <summary>Called with every stored state.</summary>
    internal Action<TrainingState>? Stored { get; init; }

    /// <summary>Steps between two points of the loss curve, and between two reports.</summary>
    internal static int ReportSteps(int steps) => Math.Clamp(steps / ReportsOfTraining, 1, ReportStepsMax);

    /// <summary>Begins, or resumes, and goes to the end.</summary>
    /// <returns>The last state.</returns>
    internal TrainingState Run(
        bool resume, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        TrainingState start = resume ? Resume() : Begin();
        using TrainingSession session = new(recipe, start);
        long[] ids = new long[recipe.RowsMax];
        long[] targets = new long[recipe.RowsMax];
        ProgressMeter meter = new(recipe.Steps, progress);
        while (session.StepsTaken < recipe.Steps)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int step = session.StepsTaken + 1;
            TrainingStep taken = Take(recipe, session, chain[^1], (ids, targets));
            chain.Add(taken);
            folder.Append(taken);
            meter.Add(taken, recipe.ShapeOf(step).Rows);
            if (step == recipe.Steps || (StateSteps > 0 && step % StateSteps == 0))
            {
                folder.Store(session.State);
                Stored?.Invoke(session.State);
            }
        }

        return session.State;
    }

    /// <summary>Takes the step after <paramref name="before"/> and returns its line of the chain.</summary>
    internal static TrainingStep Take(
        TrainingRecipe recipe, TrainingSession session, TrainingStep before, (long[] Ids, long[] Targets) buffers)
    {
        int step = before.Step + 1;
        BatchShape shape = recipe.ShapeOf(step);
        recipe.FillBatch(step, buffers.Ids, buffers.Targets);
        Hash256 batch = TrainingChain.HashOf(
            shape, buffers.Ids.AsSpan(0, shape.Rows), buffers.Targets.AsSpan(0, shape.Rows));
        float rate = recipe.RateOf(step);
        float loss = session.Step(shape, buffers.Ids, buffers.Targets, rate);
        return TrainingChain.Next(before, batch, rate, loss, session.State.Hash);
    }

    private TrainingState Begin()
    {
        TrainingState start = TrainingState.Start(recipe.StartWeights());
        chain.Clear();
        chain.Add(TrainingChain.Start(recipe.Description, start.Hash));
        folder.WriteRecipe(recipe);
        folder.WriteChain(chain);
        folder.Store(start);
        return start;
    }

    private TrainingState Resume()
    {
        List<TrainingStep> known = TrainingChain.Read(folder.ChainPath);
        TrainingState start = TrainingState.Start(recipe.StartWeights());
        if (TrainingChain.Start(recipe.Description, start.Hash) != known[0])
        {
            throw new ModelPackageException($"{folder.ChainPath} began with another recipe: choose another folder");
        }

        int sound = known.Skip(1).TakeWhile(step => TrainingChain.Number(step.Rate) == recipe.RateOf(step.Step))
            .Count();
        int last = folder.StoredSteps.LastOrDefault(step => step <= Math.Min(sound, recipe.Steps));
        chain.Clear();
        chain.AddRange(known.Take(last + 1));
        folder.WriteRecipe(recipe);
        folder.WriteChain(chain);
        return last == 0 ? start : folder.Load(chain[^1], start.Weights.Length);
    }

    /// <summary>Reports mean loss and speed now and then.</summary>
    private sealed class ProgressMeter(int steps, IProgress<TrainingProgress>? progress)
    {
        private double sum;
        private int tokens, count;
        private long since = Stopwatch.GetTimestamp();

        internal void Add(TrainingStep step, int rows)
        {
            (sum, tokens, count) = (sum + step.LossValue, tokens + rows, count + 1);
            if (step.Step % ReportSteps(steps) == 0 || step.Step == steps)
            {
                double rate = tokens / Stopwatch.GetElapsedTime(since).TotalSeconds;
                progress?.Report(new TrainingProgress(step.Step, steps, (float)(sum / count), rate));
                (sum, tokens, count, since) = (0, 0, 0, Stopwatch.GetTimestamp());
            }
        }
    }
}
