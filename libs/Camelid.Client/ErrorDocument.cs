namespace Camelid.Client;

/// <summary>Body of every refused request.</summary>
/// <param name="Error">What went wrong.</param>
public sealed record ErrorDocument(ErrorDetail Error);

/// <summary>Body of a refused request of an operator's route (RFC 9457).</summary>
/// <param name="Detail">What, where, and what to do; or null.</param>
public sealed record ProblemDocument(string? Detail);

/// <summary>OpenAI's error object.</summary>
/// <param name="Message">What, where, and what to do.</param>
/// <param name="Type">Sort of error, such as <c>invalid_request_error</c>.</param>
/// <param name="Param">The parameter at fault, or null.</param>
/// <param name="Code">Stable name, such as <c>context_length_exceeded</c>, or null.</param>
public sealed record ErrorDetail(string Message, string Type, string? Param, string? Code);
