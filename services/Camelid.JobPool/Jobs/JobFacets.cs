using System.Diagnostics;
using Camelid.Protocol.Jobs;

namespace Camelid.JobPool.Jobs;

/// <summary>A row after a step, with the transitions that the step made.</summary>
internal sealed record JobChange(JobRow Row, IReadOnlyList<JobTransitionRow> Transitions)
{
    /// <summary>A change that moves no facet.</summary>
    public static JobChange Of(JobRow row) => new(row, []);
}

/// <summary>Moves both facets of a job, along the tables of Camelid.Protocol (rules J-10 and J-11) and no other way.</summary>
internal static class JobFacets
{
    public const string Payment = "payment";
    public const string Verification = "verification";

    /// <summary>A state or cause as it is stored and shown: <c>Created</c> is <c>created</c>.</summary>
    public static string NameOf<TEnum>(TEnum value)
        where TEnum : struct, Enum => Kebab(value.ToString());

    /// <summary>The payment state of a row.</summary>
    public static PaymentState PaymentOf(JobRow row) => Parse<PaymentState>(row.PaymentState);

    /// <summary>The verification state of a row.</summary>
    public static VerificationState VerificationOf(JobRow row) => Parse<VerificationState>(row.VerificationState);

    /// <summary>The payment facet one step on.</summary>
    /// <exception cref="UnreachableException">The tables know no such step: a mistake of ours, refused aloud.</exception>
    public static JobChange Move(JobChange change, PaymentCause cause, long at)
    {
        PaymentState from = PaymentOf(change.Row);
        PaymentState to = PaymentLifecycle.Next(from, cause)
            ?? throw new UnreachableException($"job {change.Row.JobId}: no way from {from} by {cause}");
        JobTransitionRow transition = new()
        {
            JobId = change.Row.JobId,
            Facet = Payment,
            FromState = NameOf(from),
            ToState = NameOf(to),
            Cause = NameOf(cause),
            At = at,
        };
        return new JobChange(change.Row with { PaymentState = NameOf(to) }, [.. change.Transitions, transition]);
    }

    /// <summary>The verification facet one step on.</summary>
    /// <exception cref="UnreachableException">The tables know no such step: a mistake of ours, refused aloud.</exception>
    public static JobChange Move(JobChange change, VerificationCause cause, long at)
    {
        VerificationState from = VerificationOf(change.Row);
        VerificationState to = VerificationLifecycle.Next(from, cause)
            ?? throw new UnreachableException($"job {change.Row.JobId}: no way from {from} by {cause}");
        JobTransitionRow transition = new()
        {
            JobId = change.Row.JobId,
            Facet = Verification,
            FromState = NameOf(from),
            ToState = NameOf(to),
            Cause = NameOf(cause),
            At = at,
        };
        return new JobChange(change.Row with { VerificationState = NameOf(to) }, [.. change.Transitions, transition]);
    }

    private static TEnum Parse<TEnum>(string name)
        where TEnum : struct, Enum => Enum.TryParse(name, ignoreCase: true, out TEnum value)
            ? value
            : throw new UnreachableException($"'{name}' is no {typeof(TEnum).Name}");

    private static string Kebab(string name) => string.Concat(name.Select((letter, index) =>
        char.IsAsciiLetterUpper(letter) && index > 0 ? $"-{char.ToLowerInvariant(letter)}" : $"{char.ToLowerInvariant(letter)}"));
}
