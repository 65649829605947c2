using System.CommandLine;
using ImplicitNet.Benchmarks.Convolutions;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Cli;
using ImplicitNet.Cli.Options;
using ImplicitNet.Kernels.Winograd;

namespace ImplicitNet.Benchmarks.Commands;

/// <summary>convolutions: our 3 x 3 convolution against torch's by shape, which says where ours is to be used on a processor.</summary>
internal sealed class ConvolutionsCommand
{
    private const int DefaultBatch = 100;
    private const int DefaultCalls = 20;

    private readonly Option<int?> _batch = NumberOption.Whole("--batch", $"Images in a batch (default: {DefaultBatch}).");
    private readonly Option<int?> _calls = NumberOption.Whole("--calls", $"Calls in a round (default: {DefaultCalls}).");
    private readonly Option<int[]> _channels =
        NumberListOption.Create("--channels", "Channels, in multiples of 16", [16, 32, 64, 128], most: 128);

    private readonly Option<int[]> _sides = NumberListOption.Create("--sides", "Sides of the images, from 3 on", [3, 9, 16], most: 512);
    private readonly MeasurementOptions _common = new();

    public Command Create()
    {
        Command command = new("convolutions", "Measure the library's own 3 x 3 convolution against torch's, shape by shape, in turns.")
        {
            _batch, _calls, _channels, _sides,
        };
        _common.AddTo(command);
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        (int[] channels, int[] sides) = (parsed.GetValue(_channels)!, parsed.GetValue(_sides)!);
        if (Array.Exists(channels, count => count % 16 != 0) || Array.Exists(sides, side => side < 3))
        {
            throw new CommandException("Channels come in multiples of 16, and sides from 3 on.", ExitCodes.Usage);
        }

        Machine machine = _common.Begin(parsed);
        output.WriteLine($"{machine} | in use: {WinogradConvolution.InUse}");
        List<ConvolutionTimes> results = [];
        foreach (int count in channels)
        {
            foreach (int side in sides)
            {
                results.Add(ConvolutionTimes.Measure(parsed.GetValue(_batch) ?? DefaultBatch, count, side, _common.RoundsOf(parsed),
                    parsed.GetValue(_calls) ?? DefaultCalls));
                output.WriteLine(results[^1]);
            }
        }

        (string? json, string? markdown) = _common.FilesOf(parsed);
        ResultFiles.Write(json, results, markdown, machine, ("Our convolution over torch's", ConvolutionTimes.Table(results)));
        return ExitCodes.Success;
    }
}
