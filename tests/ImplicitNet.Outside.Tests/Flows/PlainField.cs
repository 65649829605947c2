namespace ImplicitNet.Outside.Tests.Flows;

/// <summary>A field in plain C#, of one sample.</summary>
/// <param name="time">t.</param>
/// <param name="u">The state.</param>
/// <param name="q">Its input.</param>
/// <param name="derivative">Filled with u'.</param>
internal delegate void PlainField(double time, ReadOnlySpan<double> u, ReadOnlySpan<double> q, Span<double> derivative);
