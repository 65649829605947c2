using ImplicitLayerApp;
using ImplicitNet.Certification;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

random.manual_seed(1);

// Your data here: a row for each sample. These are points and the height of a wave above them.
Tensor points = (rand(2000, 2) * 4) - 2;
Tensor heights = (points[.., ..1] * 2).sin() * points[.., 1..].cos();
(TensorBatches train, TensorBatches validation) = BatchSource.From(points, heights, batchSize: 50).Split(0.2);

using Model model = new(inputs: 2, outputs: 1);
TrainingOptions options = new() { Epochs = 10, LearningRate = 1e-2 };
using Trainer trainer = new(model, new Regression(), train, validation, options)
{
    OnEvent = happened =>
    {
        if (happened is TrainingEvent.EpochFinished { Record: var epoch })
        {
            Console.WriteLine($"epoch {epoch.Epoch}: {epoch.ValidationLoss:0.0000}");
        }
    },
};
TrainingResult result = trainer.Run();
Console.WriteLine($"Epoch {result.BestEpoch} was the best: the error on points held out is {result.ValidationLoss:0.0000}.");

// How good are the gradients it was trained by? Against the exact ones, on a batch.
using Batch batch = validation.First(50);
GradientCertificate certificate = new GradientCertifier().Certify(
    model, () => nn.functional.mse_loss(model.call(batch.Inputs), batch.Targets, nn.Reduction.None).mean([1]));
Console.WriteLine(certificate);

model.save("model.dat");
