using System.Globalization;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;

namespace Camelid.ModelRuntime.Training;

/// <summary>What is wrong with a training, and at which step.</summary>
/// <param name="Step">The step, from one; 0 is the start.</param>
/// <param name="Text">What differs.</param>
public sealed record TrainingFault(int Step, string Text);

/// <summary>
/// Rule T-05: checks a training by its chain: every link follows from the one before, and a drawn step, recomputed
/// from the nearest state stored before it, has the same batch, learning rate, loss and state, bit for bit.
/// </summary>
internal static class TrainingReplay
{
    /// <summary>Checks the whole chain's links and one step.</summary>
    /// <param name="recipe">The recipe that the training claims.</param>
    /// <param name="folder">Its chain and states.</param>
    /// <param name="step">The step to recompute, from one.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <returns>The first fault, or null where there is none.</returns>
    /// <exception cref="ModelPackageException">A file is damaged.</exception>
    internal static TrainingFault? Check(
        TrainingRecipe recipe, TrainingFolder folder, int step, CancellationToken cancellationToken)
    {
        List<TrainingStep> chain = TrainingChain.Read(folder.ChainPath);
        if (step < 1 || step >= chain.Count)
        {
            throw new ModelPackageException(
                $"{folder.ChainPath} has steps 1 to {chain.Count - 1}; there is no step {step}");
        }

        return LinkFault(recipe, chain) ?? StepFault(recipe, folder, chain, (step, cancellationToken));
    }

    private static TrainingFault? LinkFault(TrainingRecipe recipe, List<TrainingStep> chain)
    {
        Hash256 start = TrainingState.Start(recipe.StartWeights()).Hash;
        if (TrainingChain.Start(recipe.Description, start) != chain[0])
        {
            return new TrainingFault(0, "the chain does not begin with this recipe and its starting weights");
        }

        for (int step = 1; step < chain.Count; step++)
        {
            if (!TrainingChain.Follows(chain[step - 1], chain[step]))
            {
                return new TrainingFault(step, "the link does not follow from the step before and this step's values");
            }
        }

        return null;
    }

    private static TrainingFault? StepFault(
        TrainingRecipe recipe, TrainingFolder folder, List<TrainingStep> chain,
        (int Step, CancellationToken Cancellation) wanted)
    {
        int count = recipe.StartWeights().Length;
        int stored = folder.StoredSteps.LastOrDefault(candidate => candidate < wanted.Step);
        TrainingState from = stored == 0
            ? TrainingState.Start(recipe.StartWeights())
            : folder.Load(chain[stored], count);
        using TrainingSession session = new(recipe, from);
        (long[], long[]) buffers = (new long[recipe.RowsMax], new long[recipe.RowsMax]);
        for (int step = stored + 1; step <= wanted.Step; step++)
        {
            wanted.Cancellation.ThrowIfCancellationRequested();
            TrainingStep again = TrainingRun.Take(recipe, session, chain[step - 1], buffers);
            if (Difference(again, chain[step]) is string text)
            {
                return new TrainingFault(step, text);
            }
        }

        return null;
    }

    private static string? Difference(TrainingStep again, TrainingStep claimed)
    {
        string say(string what, string recomputed, string had) => string.Create(
            CultureInfo.InvariantCulture, $"{what} is {had} in the chain, recomputed {recomputed}");
        return 0 switch
        {
            _ when again.Batch != claimed.Batch => say("the batch", again.Batch, claimed.Batch),
            _ when again.Rate != claimed.Rate => say("the learning rate", again.Rate, claimed.Rate),
            _ when again.Loss != claimed.Loss => say("the loss", again.Loss, claimed.Loss),
            _ when again.State != claimed.State => say("the state after the step", again.State, claimed.State),
            _ when again.Link != claimed.Link => say("the link", again.Link, claimed.Link),
            _ => null,
        };
    }
}
