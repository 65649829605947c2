using ImplicitNet.Networks;
using ImplicitNet.Reports;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Kinds;

/// <summary>
/// The images that a report shows, chosen while a network is evaluated in order: the first wrong answers, and the first right one of each
/// of the first classes.
/// </summary>
internal sealed class ShownImages(ImageDataset images)
{
    private const int MostWrong = 24;
    private const int MostRight = 10;

    private readonly List<AnsweredImage> _shown = [];
    private int _seen;

    /// <summary>Looks at the next batch.</summary>
    /// <param name="output">Logits: [batch, classes].</param>
    /// <param name="batch">Its images.</param>
    public void Add(Tensor output, Batch batch)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor answers = output.argmax(1);
        Tensor given = output.softmax(1).gather(1, answers.unsqueeze(1)).flatten();
        double[] probabilities = [.. given.to(ScalarType.Float64).cpu().data<double>()];
        long[] classes = [.. answers.cpu().data<long>()];
        for (int sample = 0; sample < batch.Count; sample++)
        {
            AnsweredImage image = new()
            {
                Images = images,
                Index = _seen++,
                Answer = (int)classes[sample],
                Probability = probabilities[sample],
            };
            AnsweredImage[] alike = [.. _shown.Where(other => other.IsRight == image.IsRight)];
            if (image.IsRight ? image.Label < MostRight && !alike.Any(other => other.Label == image.Label) : alike.Length < MostWrong)
            {
                _shown.Add(image);
            }
        }
    }

    /// <summary>Those chosen, wrong ones first, each with its solve where it had one.</summary>
    /// <param name="network">In evaluation mode.</param>
    /// <param name="source">The images that it was evaluated on.</param>
    /// <param name="tolerance">Relative.</param>
    /// <param name="cancellation">Looked at before every step.</param>
    public IReadOnlyList<AnsweredImage> Solved(
        nn.Module<Tensor, Tensor> network, ImageBatches source, double tolerance, CancellationToken cancellation)
    {
        AnsweredImage[] chosen = [.. _shown.OrderBy(image => image.IsRight).ThenBy(image => image.IsRight ? image.Label : image.Index)];
        if (chosen.Length == 0 || network is not ImplicitNetwork own)
        {
            return chosen;
        }

        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = source.Read([.. chosen.Select(image => image.Index)]);
        using ImplicitResult result = own.Run(batch.Inputs, cancellation: cancellation);
        IReadOnlyList<SampleReport> samples = result.Report.Samples;

        // A coupled map has one solve for all of them.
        return samples.Count != chosen.Length ? chosen : [.. chosen.Zip(samples, (image, solve) => image with
        {
            Status = solve.Status,
            Steps = solve.Steps,
            RelativeResidual = solve.Ratio * tolerance,
        })];
    }
}
