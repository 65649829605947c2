using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ImplicitNet.Cli;
using ImplicitNet.Kernels;
using ImplicitNet.Models.Problems;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Commands;

/// <summary>
/// maps: the named test problems over a pipe, for solvers of other libraries. It says what there is on one line of JSON; then a line
/// "map NAME SAMPLE u1 u2 ..." is answered by the numbers of the map there, and "error NAME SAMPLE u1 u2 ..." by the distance to what
/// is known of the solution and what that may be ("NaN" where nothing is known), float64 and to the last digit.
/// </summary>
internal sealed class MapsCommand
{
    public Command Create()
    {
        Command command = new("maps", "Serve the named test problems over standard input and output: "
            + "'map NAME SAMPLE u1 u2 ...' is answered by map(u).");
        command.SetAction(parsed => Serve(Console.In, parsed.InvocationConfiguration.Output));
        return command;
    }

    internal static int Serve(TextReader input, TextWriter output)
    {
        ThreadCount.Set(1);
        output.WriteLine(JsonSerializer.Serialize(FixedPointProblems.All.Select(
            problem => new { name = problem.Name, samples = problem.Parameters.Count, start = problem.Start })));
        output.Flush();
        while (input.ReadLine() is { } line)
        {
            output.WriteLine(string.Join(' ', Answer(line).Select(x => x.ToString("R", CultureInfo.InvariantCulture))));
            output.Flush();
        }

        return ExitCodes.Success;
    }

    private static double[] Answer(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 4 || words[0] is not ("map" or "error") || !int.TryParse(words[2], CultureInfo.InvariantCulture, out int sample))
        {
            throw new CommandException(
                $"'{line}' is neither 'map NAME SAMPLE u1 u2 ...' nor 'error NAME SAMPLE u1 u2 ...'.", ExitCodes.Usage);
        }

        FixedPointProblem problem = FixedPointProblems.Named(words[1]);
        double[] latent = [.. words.Skip(3).Select(word => double.Parse(word, CultureInfo.InvariantCulture))];
        if (sample < 0 || sample >= problem.Parameters.Count || latent.Length != problem.Start.Count)
        {
            throw new CommandException(
                $"{problem.Name} has {problem.Parameters.Count} samples of {problem.Start.Count} numbers; "
                    + $"asked was sample {sample} of {latent.Length}.",
                ExitCodes.Usage);
        }

        double[] parameters = problem.Parameters[sample];
        if (words[0] == "error")
        {
            return [problem.Error?.Invoke(parameters, latent) ?? double.NaN, problem.ErrorTolerance];
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor u = tensor(latent, ScalarType.Float64).reshape([1, .. problem.SampleShape ?? [latent.Length]]);
        return [.. problem.Function(u, tensor(parameters, ScalarType.Float64).unsqueeze(0)).contiguous().data<double>()];
    }
}
