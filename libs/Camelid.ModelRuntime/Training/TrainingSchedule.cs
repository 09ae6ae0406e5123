namespace Camelid.ModelRuntime.Training;

/// <summary>
/// The learning rate over a training: it rises, stays, and falls to nothing over the last part. Up to where it falls
/// it does not depend on the number of steps, so a training can be made longer or shorter until then.
/// </summary>
/// <param name="RateMax">The rate in the long middle.</param>
/// <param name="WarmUpSteps">Steps over which it rises from nothing.</param>
/// <param name="DecayShare">Share of all steps over which it falls, from 0 to 1.</param>
internal readonly record struct TrainingSchedule(float RateMax, int WarmUpSteps, double DecayShare)
{
    /// <summary>Steps before the rate begins to fall.</summary>
    internal int StepsBeforeDecay(int steps) => steps - (int)(steps * DecayShare);

    /// <summary>The rate of a step, counted from one.</summary>
    internal float RateOf(int step, int steps)
    {
        int before = StepsBeforeDecay(steps);
        float rate = step <= before ? RateMax : RateMax * (steps - step + 1) / (steps - before + 1);
        return step < WarmUpSteps ? rate * step / WarmUpSteps : rate;
    }
}
