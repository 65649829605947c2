using ImplicitNet.Cli.Settings;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Reports;
using ImplicitNet.Training;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Kinds;

/// <summary>What one run of a text is about.</summary>
internal sealed class TextSubject(RunSettings settings, TextParts parts, TextModelOptions network, TrainingTask task) : RunSubject
{
    public override NetworkConfig Config => settings.ToModelConfig(network);

    public override string Amounts => $"{Display.Count(network.CharacterCount)} different characters; {Display.Count(parts.Train.Count)} "
        + $"training, {Display.Count(parts.Chooses.Count)} validation and {Display.Count(parts.Tests.Count)} test windows";

    public override RunSources Sources(Device device) => new(parts.Train, parts.Chooses, []);

    /// <summary>A solve that came to its limit has an answer too.</summary>
    public override FailurePolicy PolicyFor(nn.Module<Tensor, Tensor> network) => new AcceptMaxSteps();

    /// <summary>On the second half of the end; and the loss on the whole of it, by which text models are compared.</summary>
    public override FinalTest Test(
        nn.Module<Tensor, Tensor> network, Device device, IProgress<double> progress, CancellationToken cancellation)
    {
        FinalTest test = FinalTest.Run(network, task, parts.Tests, settings.Tolerance, null, progress, cancellation);
        return test with
        {
            HeldOutLoss = Evaluator.Evaluate(network, task, parts.HeldOut, progress: progress, cancellation: cancellation).Loss,
        };
    }

    public override IReadOnlyList<string> Remarks(TrainingResult training, FinalTest test) =>
        test.Evaluation.Loss < Math.Log(network.CharacterCount) ? []
        : [$"The test loss of {Display.Loss(test.Evaluation.Loss)} is that of a network that knows nothing "
            + $"({Display.Loss(Math.Log(network.CharacterCount))}) or worse: try more --epochs, or a smaller --learning-rate."];

    public override RunReport Complete(RunReport report, FinalTest test) => report;

    public override RunPictures Draw(nn.Module<Tensor, Tensor> network, RunFolder folder, CancellationToken cancellation) =>
        RunPictures.None;
}
