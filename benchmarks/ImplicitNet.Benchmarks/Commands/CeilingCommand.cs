using System.CommandLine;
using ImplicitNet.Benchmarks.Ceiling;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Cli;
using ImplicitNet.Cli.Options;

namespace ImplicitNet.Benchmarks.Commands;

/// <summary>ceiling: the rate of the solve as a fraction of that of its convolution.</summary>
internal sealed class CeilingCommand
{
    private const int DefaultBatch = 100;
    private const int DefaultSteps = 20;
    private const int DefaultRepeats = 10;

    // The latents of the networks for MNIST and for SVHN.
    private static readonly (int Channels, int Side)[] Latents = [(32, 9), (64, 8)];

    private readonly Option<int?> _batch = NumberOption.Whole("--batch", $"Samples in a batch (default: {DefaultBatch}).");
    private readonly Option<int?> _steps = NumberOption.Whole("--steps", $"Steps of a solve of fixed length; 50 at most, "
        + $"after which it might stall (default: {DefaultSteps}).", most: 50);
    private readonly Option<int?> _repeats = NumberOption.Whole("--repeats", $"Solves in a round (default: {DefaultRepeats}).");
    private readonly MeasurementOptions _common = new();

    public Command Create()
    {
        Command command = new("ceiling", "Measure which fraction of the convolution's own rate a solve reaches, in turns, "
            + "and where the rest goes.") { _batch, _steps, _repeats };
        _common.AddTo(command);
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        Machine machine = _common.Begin(parsed);
        List<CeilingResult> results = [];
        foreach (CeilingCase next in Cases(parsed.GetValue(_batch) ?? DefaultBatch, parsed.GetValue(_steps) ?? DefaultSteps))
        {
            using CeilingCase owned = next;
            results.Add(new CeilingMeasurement(next, _common.RoundsOf(parsed), parsed.GetValue(_repeats) ?? DefaultRepeats).Run(machine));
            output.WriteLine(results[^1]);
        }

        (string? json, string? markdown) = _common.FilesOf(parsed);
        ResultFiles.Write(json, results, markdown, machine, ("Rates (GFLOP/s, two for a multiply-add)", CeilingResult.Rates(results)),
            ("Where the time goes", CeilingResult.Shares(results)));
        return ExitCodes.Success;
    }

    private static IEnumerable<CeilingCase> Cases(int batch, int steps)
    {
        foreach ((int channels, int side) in Latents)
        {
            yield return CeilingCase.OfSteps(batch, channels, side, steps);
        }

        yield return CeilingCase.OfClassifier(batch);
    }
}
